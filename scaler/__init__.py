"""The control plane: wakes apps, puts idle ones to sleep, and tells people and proxies about it."""
