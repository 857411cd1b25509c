"""From objects to apps: which workloads are apps, which routes lead to which of their ports, and what is wrong.

Pure and incremental: a change costs what it touches.
"""
