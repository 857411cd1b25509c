"""What the API server sends, read into small frozen values.

Pure; and whatever an object says, its reader raises `Malformed` or nothing.
"""
