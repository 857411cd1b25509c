"""Writes the heads of answers, Torpor's own and an upstream's, as HTTP/1 bytes for one client."""

import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache

from mitmproxy import http
from mitmproxy.net.http import status_codes

from addons.layers.messages import Field, make_response
from proxy.visit import Answer


def own(answer: Answer) -> http.Response:
    """The doorman's answer as mitmproxy's response."""
    fields = [(name.encode("latin-1", "replace"), value.encode("utf-8")) for name, value in answer.headers]
    fields.append((b"Content-Length", str(len(answer.body)).encode()))
    now = time.time()
    fields.append((b"Date", _date(int(now))))
    reason = status_codes.RESPONSES.get(answer.status, "").encode()
    return make_response(answer.status, reason, b"HTTP/1.1", fields, now, answer.body)


def head_bytes(response: http.Response, fields: Iterable[Field]) -> bytes:
    """Status line and headers. We answer as HTTP/1.1 whatever the upstream or the client speaks (RFC 9110, 2.5)."""
    data = response.data
    lines = [b"HTTP/1.1 %d %b" % (data.status_code, data.reason)]
    lines += [b"%b: %b" % field for field in fields]
    lines.append(b"\r\n")
    return b"\r\n".join(lines)


def whole(response: http.Response) -> bytes:
    """An answer outside any visit, after which the connection is closed."""
    fields = [*response.data.headers.fields, (b"Connection", b"close")]
    return head_bytes(response, fields) + (response.data.content or b"")


@lru_cache(1)
def _date(second: int) -> bytes:
    """RFC 9110 section 6.6.1."""
    return formatdate(second, usegmt=True).encode()
