"""Reads the heads of HTTP/1 messages, and refuses what two readers could understand in two ways (RFC 9112).

mitmproxy's reader leaves much to whoever comes next: a size limit, which targets a reverse proxy serves, exactly one
Host, control characters, folded lines. A message that passes here means the same to every app behind us.
"""

import re
import time
from collections.abc import Iterable

from h11._receivebuffer import ReceiveBuffer
from mitmproxy import http
from mitmproxy.net.http.validate import parse_content_length, parse_transfer_encoding

from addons.layers.messages import Field, make_request, make_response

MAX_HEAD = 64 * 1024
"""Bytes of a request's or a response's head, and of what stands between two chunks of a body."""
MAX_DIGITS = 18
"""Of a Content-Length."""

type Size = int | None
"""Of a body: bytes, None for chunks, -1 for all until the connection ends."""

_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}) ([^\x00-\x20#\x7f]+) (HTTP/\d\.\d)")
_START = re.compile(rb"[\r\n]*[!#$%&'*+\-.^_`|~0-9A-Za-z]{0,64}(?: |\Z)")
_STATUS_LINE = re.compile(rb"(HTTP/1\.[01]) ([1-9]\d\d)(?: ([^\x00-\x08\x0a-\x1f]*))?")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*")
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")  # a line feed joins the lines that are looked through
_FOLD = re.compile(rb"\n[ \t]")
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~%!$&'()*+;=-]+)(?::\d{0,5})?")
_UNSERVED = {
    b"CONNECT": "This is the front door of web apps, not a forward proxy: CONNECT is not served here.",
    b"TRACE": "TRACE is not served here.",
}


class BadRequestError(Exception):
    """A request that never becomes a visit. `status` and `detail` are for the client."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class BadResponseError(Exception):
    """An upstream's answer that cannot be passed on; says why in words for the log and the visitor."""


def read_request(buf: ReceiveBuffer) -> tuple[http.Request, Size] | None:
    """Take a request's head from the buffer; None while it is not all there. Raises BadRequestError."""
    lines = buf.maybe_extract_lines()
    while lines == []:  # an empty line before a request is ignored (RFC 9112 section 2.2)
        lines = buf.maybe_extract_lines()
    head = b"\n".join(lines) if lines is not None else b""
    if len(head) > MAX_HEAD or (lines is None and len(buf) > MAX_HEAD):
        raise BadRequestError(431, f"The request's head is longer than {MAX_HEAD} bytes.")
    if lines is None:
        if not _START.match(buf._data):  # a TLS handshake, for instance; bytes(buf) would copy it all
            raise BadRequestError(400, "This is not an HTTP/1.1 request.")
        return None
    if _CONTROL.search(head):
        raise BadRequestError(400, "The request's head has control characters in it.")
    if _FOLD.search(head):
        raise BadRequestError(400, "The request has a header that is folded over two lines.")
    method, target, version = _read_request_line(head.partition(b"\n")[0])
    try:
        fields = _read_fields(head)
        size = _framing(fields, version)
    except ValueError as error:
        raise BadRequestError(400, f"The request cannot be read: {error}.") from None
    _check_host(version, fields)
    return make_request(method, target, version, fields, time.time()), 0 if size == -1 else size


def read_response(buf: ReceiveBuffer, asked: bytes) -> tuple[http.Response, Size] | None:
    """Take the head of an answer to a request with the method `asked` from the buffer; None while it is not all there.

    Raises BadResponseError.
    """
    lines = buf.maybe_extract_lines()
    head = b"\n".join(lines) if lines is not None else b""
    if len(head) > MAX_HEAD or (lines is None and len(buf) > MAX_HEAD):
        raise BadResponseError(f"its answer's head is longer than {MAX_HEAD} bytes")
    if lines is None:
        return None
    if b"\0" in head or b"\r" in head:
        raise BadResponseError("its answer's head has control characters in it")
    if _FOLD.search(head):
        # RFC 9112 section 5.2: a proxy puts folded lines into one.
        head = re.sub(rb"[ \t]*\n[ \t]+", b" ", head)
    match = _STATUS_LINE.fullmatch(head.partition(b"\n")[0])
    if match is None:
        raise BadResponseError("what it sent is not an HTTP/1.1 answer")
    version, status, reason = match[1], int(match[2]), match[3] or b""
    try:
        fields = _read_fields(head)
        size = _framing(fields, version if status != 204 else b"HTTP/1.1")
    except ValueError as error:
        raise BadResponseError(f"its answer cannot be read: {error}") from None
    if asked == b"HEAD" or status < 200 or status in (204, 304):
        size = 0
    return make_response(status, reason, version, fields, time.time()), size


def tokens(fields: Iterable[Field], name: bytes) -> set[bytes]:
    """The members of a comma-separated header, in lower case."""
    found = [value for field, value in fields if field.lower() == name]
    return {token.strip() for value in found for token in value.lower().split(b",")}


def persistent(message: http.Message) -> bool:
    """Whether its sender means to keep the connection (RFC 9112 section 9.3)."""
    connection = tokens(message.data.headers.fields, b"connection")
    if message.data.http_version == b"HTTP/1.1":
        return b"close" not in connection
    return b"keep-alive" in connection and b"close" not in connection


def _read_request_line(line: bytes) -> tuple[bytes, bytes, bytes]:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadRequestError(400, "This is not an HTTP/1.1 request.")
    method, target, version = match.groups()
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise BadRequestError(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    if method in _UNSERVED:
        raise BadRequestError(405, _UNSERVED[method])
    if target == b"*":
        raise BadRequestError(400, "The target * asks the server itself, and this one only passes requests on.")
    if not target.startswith(b"/"):
        raise BadRequestError(
            400, "This is not a forward proxy: send the path alone in the request line and the host in a Host header."
        )
    return method, target, version


def _read_fields(head: bytes) -> list[Field]:
    fields = []
    for line in head.split(b"\n")[1:]:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise ValueError(f"{line[:60].decode('ascii', 'replace')!r} is not a header")
        fields.append((match[1], match[2]))
    return fields


def _framing(fields: list[Field], version: bytes) -> Size:
    """How long the body is (RFC 9112 section 6); -1 when nothing says so. Raises ValueError."""
    lengths = [value for name, value in fields if name.lower() == b"content-length"]
    codings = [value for name, value in fields if name.lower() == b"transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        raise ValueError("it says in more than one way how long its body is")
    if lengths:
        if len(lengths[0]) > MAX_DIGITS:  # more than other servers' counters hold
            raise ValueError("its body is too long")
        return parse_content_length(lengths[0])
    if not codings:
        return -1
    if version != b"HTTP/1.1" or parse_transfer_encoding(codings[0]) != "chunked":
        raise ValueError("it has a transfer coding that is not served here")
    return None


def _check_host(version: bytes, fields: list[Field]) -> None:
    hosts = [value for name, value in fields if name.lower() == b"host"]
    if len(hosts) > 1:
        raise BadRequestError(400, "The request has more than one Host header.")
    if not hosts and version == b"HTTP/1.1":
        raise BadRequestError(400, "The request has no Host header.")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise BadRequestError(400, "The request's Host header does not name a host.")
