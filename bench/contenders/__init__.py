"""The ways to the backend that are measured against each other: one file each, all behind the port in contender.py."""
