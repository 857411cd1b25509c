"""Looks whether something answers, each cheap enough to be taken many times a second: shared by the runtimes."""
