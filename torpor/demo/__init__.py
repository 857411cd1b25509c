"""The apps of `torpor demo`: four small programs that need nothing but Python, and the torpor.yaml that runs them."""
