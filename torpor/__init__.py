"""The words that the proxy, the engines and the scaler share, and the command line that composes them."""

__version__ = "0.1.0"
