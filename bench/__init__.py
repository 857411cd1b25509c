"""What Torpor costs, against a bare mitmproxy and against no proxy at all; `make bench` runs it."""
