"""Pods that start and pods that serve: what is asked of them, what they say, and which of their addresses are used.

Pure apart from `looking` and `prober`, which ask pods over the network.
"""
