"""The upstream's side of a client's connection: reads its answers, and keeps a connection for the next visit.

A connection to an upstream belongs to one client's connection and is never shared. It is used again only for the same
app, for a request without a body and with a safe method, and only when the visit before it ended cleanly: a reused
connection may turn out dead after the request was sent, and a body is never sent twice.
"""

from collections.abc import Iterator

from h11._receivebuffer import ReceiveBuffer
from mitmproxy.connection import Connection, Server
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)

from addons.layers.bodies import BadBodyError, Body, make_body
from addons.layers.heads import BadResponseError, persistent, read_response

APP = "torpor.app"
"""In a flow's metadata: the app that the visit goes to. Its address may have been another's a moment ago."""
STREAM = 1
"""mitmproxy's events carry the number of an HTTP/2 stream; HTTP/1 has one."""


class Upstream:
    """One connection to an upstream and what is read from it."""

    def __init__(self, server: Server, app: object) -> None:
        self.server = server
        self.app = app
        self.buf = ReceiveBuffer()
        self.used = 0
        """Requests sent on it."""
        self.heard = False
        """Something has come back for the current one."""
        self.finished = False
        """The current answer has been read to its end."""
        self.switched = False
        """It speaks another protocol from now on; its bytes wait in `buf` for the tunnel."""
        self._asked = b""
        self._body: Body | None = None
        self._persistent = False
        """The answer leaves the connection open for another."""

    def begin(self, method: bytes) -> None:
        """A request is sent now."""
        self._asked = method
        self._body = None
        self._persistent = self.heard = self.finished = False
        self.used += 1

    @property
    def reusable(self) -> bool:
        """The answer ended cleanly and the upstream waits for the next request."""
        return self.finished and not self.buf and self._persistent and not self.switched

    def receive(self, data: bytes) -> Iterator[HttpEvent]:
        """The parts of the answer that are complete with these bytes."""
        self.heard = True
        if self.finished and not self.switched:
            self._persistent = False  # more than it was asked for
            return
        if self._body is not None and not (self.finished or self.buf) and self._body.take(data):
            yield ResponseData(STREAM, data)
        else:
            self.buf += data
        try:
            yield from self._read()
        except (BadResponseError, BadBodyError) as error:
            self.finished = True
            self._persistent = False
            yield _broken(str(error))

    def closed(self) -> Iterator[HttpEvent]:
        """What the end of the connection means for the answer."""
        if self.finished:
            return
        self.finished = True
        if self._body is None:
            yield _broken("it closed the connection before it answered")
            return
        try:
            self._body.end()
        except BadBodyError as error:
            yield _broken(str(error))
        else:
            yield ResponseEndOfMessage(STREAM)

    def _read(self) -> Iterator[HttpEvent]:
        if not self._asked:
            raise BadResponseError("it spoke before it was asked")
        while not self.finished:
            if self._body is None:
                head = read_response(self.buf, self._asked)
                if head is None:
                    return
                response, size = head
                if 100 <= response.status_code < 200 and response.status_code != 101:
                    yield ResponseHeaders(STREAM, response, end_stream=True)
                    continue
                self._body = make_body(size)
                self._persistent = size != -1 and persistent(response)
                self.finished = self.switched = response.status_code == 101
                yield ResponseHeaders(STREAM, response, end_stream=self._body.done)
                continue
            if data := self._body.read(self.buf):
                yield ResponseData(STREAM, data)
            if self._body.done:
                self.finished = True
                yield ResponseEndOfMessage(STREAM)
            elif not data or not self.buf:
                return


class Kept:
    """The one upstream connection that waits for this client's next visit."""

    def __init__(self) -> None:
        self.upstream: Upstream | None = None

    def is_on(self, server: Connection) -> bool:
        """Whether this is its connection."""
        return self.upstream is not None and self.upstream.server is server

    def take(self) -> Upstream | None:
        """Hand it over, used or not it is not kept any more."""
        upstream, self.upstream = self.upstream, None
        return upstream


def _broken(reason: str) -> ResponseProtocolError:
    return ResponseProtocolError(STREAM, reason, ErrorCode.GENERIC_SERVER_ERROR)
