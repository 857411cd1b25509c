"""Made the short way, mitmproxy's messages are what its own constructors make."""

import time

from mitmproxy import http
from mitmproxy.net.http import http1

from addons.layers.messages import make_request, make_response

FIELDS = [(b"Host", b"a"), (b"X", b"\xff")]


def test_a_request() -> None:
    now = time.time()
    made = make_request(b"GET", b"/x", b"HTTP/1.1", FIELDS, now)
    theirs = http.Request("", 0, b"GET", b"http", b"", b"/x", b"HTTP/1.1", http.Headers(FIELDS), None, None, now, None)
    assert made.get_state() == theirs.get_state()
    assert http1.assemble_request_head(made) == b"GET /x HTTP/1.1\r\nHost: a\r\nX: \xff\r\n\r\n"
    assert made.copy().headers["host"] == "a"


def test_a_response() -> None:
    now = time.time()
    made = make_response(200, b"OK", b"HTTP/1.1", FIELDS, now, b"body")
    theirs = http.Response(b"HTTP/1.1", 200, b"OK", http.Headers(FIELDS), b"body", None, now, None)
    assert made.get_state() == theirs.get_state()
