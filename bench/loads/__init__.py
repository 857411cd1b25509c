"""What asks the contenders: each leaner than what it loads."""
