"""What an engine cannot do, and why: read by the tests, and shown in the README. What is not here, every engine can."""

import pytest

CANNOT: dict[str, dict[str, str]] = {
    "mitmproxy": {
        "TLS": "visitors speak plain HTTP to it; put a proxy that does TLS in front",
        "h2c": "HTTP/2 without TLS is not supported",
        "gRPC": "it needs HTTP/2 to the app",
        "trailers": "trailers are not passed on",
        "fast lane": "every visit passes through Python",
    },
    "haproxy": {
        "own words": "a head that is malformed or late is refused in HAProxy's parser's own few words",
        "checked trailers": "what a client sends as trailers is passed on as trailers, whatever their names say",
        "pages for all errors": "when an app breaks off, browsers too are told in problem JSON, without `Torpor-Phase`",
    },
}


def able(test: pytest.Item) -> list[str]:
    """The engines that can do what a test is marked to need. What nobody lacks need not be marked, and is a mistake."""
    needed = {ability for mark in test.iter_markers("needs") for ability in mark.args}
    if unknown := needed.difference(*CANNOT.values()):
        raise pytest.UsageError(f"{test.nodeid} needs {', '.join(sorted(unknown))}, which no engine lacks")
    return [name for name in sorted(CANNOT) if not CANNOT[name].keys() & needed]
