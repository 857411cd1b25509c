"""mitmproxy imports libraries that warn of each other's old names; that is not ours to fix."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import mitmproxy.master  # noqa: F401
