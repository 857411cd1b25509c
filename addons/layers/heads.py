"""Reads the heads of HTTP/1 messages, and refuses what two readers could understand in two ways (RFC 9112).

mitmproxy's own readers do the parsing; here are the rules that it leaves to others: a size limit, which targets a
reverse proxy serves, exactly one Host, no control characters, no folded lines.
"""

import re
from collections.abc import Iterable

from h11._receivebuffer import ReceiveBuffer
from mitmproxy import http
from mitmproxy.net.http import http1
from mitmproxy.net.http.validate import validate_headers

MAX_HEAD = 64 * 1024
"""Bytes of a request's or a response's head, and of what stands between two chunks of a body."""

_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}) ([^\x00-\x20\x7f]+) HTTP/(\d)\.(\d)")
_START = re.compile(rb"[\r\n]*[!#$%&'*+\-.^_`|~0-9A-Za-z]{0,64}(?: |\Z)")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-9]\d\d(?: [^\x00-\x08\x0a-\x1f]*)?")
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")  # a line feed joins the lines that are looked through
_FOLD = re.compile(rb"\n[ \t]")
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~%!$&'()*+;=-]+)(?::\d{0,5})?")
_UNSERVED = {
    b"CONNECT": "This is a web server's front door, not a forward proxy: CONNECT is not served here.",
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


def read_request(buf: ReceiveBuffer) -> http.Request | None:
    """Take a request's head from the buffer; None while it is not all there. Raises BadRequestError."""
    lines = buf.maybe_extract_lines()
    while lines == []:  # an empty line before a request is ignored (RFC 9112 section 2.2)
        lines = buf.maybe_extract_lines()
    if lines is None:
        if len(buf) > MAX_HEAD:
            raise BadRequestError(431, f"The request's head is longer than {MAX_HEAD} bytes.")
        _look_at_first_bytes(buf)
        return None
    head = b"\n".join(lines)
    if len(head) > MAX_HEAD:
        raise BadRequestError(431, f"The request's head is longer than {MAX_HEAD} bytes.")
    if _CONTROL.search(head):
        raise BadRequestError(400, "The request's head has control characters in it.")
    if _FOLD.search(head):
        raise BadRequestError(400, "The request has a header that is folded over two lines.")
    _check_line(bytes(lines[0]))
    try:
        request = http1.read_request_head([bytes(line) for line in lines])
        validate_headers(request)
        http1.expected_http_body_size(request)
    except ValueError as error:
        raise BadRequestError(400, f"The request cannot be read: {error}") from None
    _check_host(request)
    return request


def tokens(fields: Iterable[tuple[bytes, bytes]], name: bytes) -> set[bytes]:
    """The members of a comma-separated header, in lower case."""
    found = [value for field, value in fields if field.lower() == name]
    return {token.strip() for value in found for token in value.lower().split(b",")}


def persistent(message: http.Message) -> bool:
    """Whether its sender means to keep the connection (RFC 9112 section 9.3)."""
    connection = tokens(message.data.headers.fields, b"connection")
    if message.data.http_version == b"HTTP/1.1":
        return b"close" not in connection
    return b"keep-alive" in connection and b"close" not in connection


def _look_at_first_bytes(buf: ReceiveBuffer) -> None:
    """What cannot become a request line is refused now, for instance a TLS handshake, and not after a timeout."""
    if not _START.match(buf._data):  # bytes(buf) would copy it all
        raise BadRequestError(400, "This is not an HTTP/1.1 request.")


def _check_line(line: bytes) -> None:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadRequestError(400, "This is not an HTTP/1.1 request.")
    method, target, major, minor = match.groups()
    if major != b"1" or minor not in b"01":
        raise BadRequestError(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    if method in _UNSERVED:
        raise BadRequestError(405, _UNSERVED[method])
    if target == b"*":
        raise BadRequestError(400, "The target * asks the server itself, and this one only passes requests on.")
    if not target.startswith(b"/"):
        raise BadRequestError(
            400, "This is not a forward proxy: send the path alone in the request line and the host in a Host header."
        )


def _check_host(request: http.Request) -> None:
    hosts = [value for name, value in request.data.headers.fields if name.lower() == b"host"]
    if len(hosts) > 1:
        raise BadRequestError(400, "The request has more than one Host header.")
    if not hosts and request.data.http_version == b"HTTP/1.1":
        raise BadRequestError(400, "The request has no Host header.")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise BadRequestError(400, "The request's Host header does not name a host.")


def read_response(buf: ReceiveBuffer, request: http.Request) -> tuple[http.Response, int | None] | None:
    """Take a response's head from the buffer, with its body's size: bytes, None for chunks, -1 for all until the end.

    None while the head is not all there. Raises BadResponseError.
    """
    lines = buf.maybe_extract_lines()
    if lines is None:
        if len(buf) > MAX_HEAD:
            raise BadResponseError(f"its answer's head is longer than {MAX_HEAD} bytes")
        return None
    head = b"\n".join(lines)
    if len(head) > MAX_HEAD:
        raise BadResponseError(f"its answer's head is longer than {MAX_HEAD} bytes")
    if not lines or not _STATUS_LINE.fullmatch(lines[0]):
        raise BadResponseError("what it sent is not an HTTP/1.1 answer")
    if b"\0" in head or b"\r" in head:
        raise BadResponseError("its answer's head has control characters in it")
    if _FOLD.search(head):
        # RFC 9112 section 5.2: a proxy puts folded lines into one.
        lines = [bytearray(line) for line in re.sub(rb"[ \t]*\n[ \t]+", b" ", head).split(b"\n")]
    try:
        response = http1.read_response_head([bytes(line) for line in lines])
        validate_headers(response)
        size = http1.expected_http_body_size(request, response)
    except ValueError as error:
        raise BadResponseError(f"its answer cannot be read: {error}") from None
    if (coding := response.data.headers.get("transfer-encoding")) and coding.lower() not in ("chunked", "identity"):
        raise BadResponseError("its answer has a transfer coding that nobody asked for")
    return response, size
