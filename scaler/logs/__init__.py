"""What apps write to their output: read once from where it is, told to everybody who wants to read it."""
