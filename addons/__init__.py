"""The mitmproxy engine: the headless master, and one addon per file."""
