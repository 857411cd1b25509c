"""What Torpor costs, against other proxies and against none; `make bench` runs it."""
