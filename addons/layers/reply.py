"""How an answer is written for one client: how it can tell where the body ends, and whether its connection stays.

Both follow from the client's request alone, as it was before hooks changed it, never from what the upstream speaks: an
HTTP/1.0 app does not end its clients' connections, and an HTTP/1.0 client is never sent chunks.
"""

from mitmproxy import http

from addons.layers.answers import head_bytes
from addons.layers.heads import persistent


class Reply:
    """The answer to one request."""

    def __init__(self, request: http.Request) -> None:
        self.http10 = request.data.http_version == b"HTTP/1.0"
        self.keep_alive = persistent(request)
        self._head_only = request.data.method == b"HEAD"
        self._chunked = False

    def interim(self, response: http.Response) -> bytes:
        """A 1xx answer; nothing for a client that could not read it (RFC 9110 section 15.2)."""
        if self.http10:
            return b""
        fields = [field for field in response.data.headers.fields if field[0].lower() != b"connection"]
        return head_bytes(response, fields)

    def head(self, response: http.Response) -> bytes:
        """The final head (RFC 9112 section 6.3)."""
        status = response.data.status_code
        fields = [field for field in response.data.headers.fields if field[0].lower() != b"transfer-encoding"]
        if status == 101:
            fields.append((b"Connection", b"Upgrade"))
            return head_bytes(response, fields)
        sized = any(name.lower() == b"content-length" for name, _ in fields)
        if status == 204:
            fields = [field for field in fields if field[0].lower() != b"content-length"]
        elif not (sized or self._head_only or status == 304):
            if self.http10:
                self.keep_alive = False
            else:
                self._chunked = True
                fields.append((b"Transfer-Encoding", b"chunked"))
        if not self.keep_alive:
            fields.append((b"Connection", b"close"))
        elif self.http10:
            fields.append((b"Connection", b"keep-alive"))
        return head_bytes(response, fields)

    def whole(self, response: http.Response) -> bytes:
        """An answer of Torpor's own, whose length its head tells."""
        head = self.head(response)
        return head if self._head_only else head + (response.data.content or b"")

    def data(self, data: bytes) -> bytes:
        """A piece of the body."""
        return b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data

    def end(self) -> bytes:
        """After the last piece."""
        return b"0\r\n\r\n" if self._chunked else b""
