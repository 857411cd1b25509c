"""The top layer of a client's connection: one visit after the other, in order, and the tunnel after an upgrade.

Bytes that nobody takes yet stay in one buffer here: the body of a held visit, the next pipelined request. `backlog`
tells the connection when to stop reading.
"""

from collections.abc import Callable, Iterable

from h11._receivebuffer import ReceiveBuffer
from mitmproxy.connection import Connection, Server
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.layers.http._events import RequestData, RequestEndOfMessage

from addons.layers.answers import own, whole
from addons.layers.bodies import BadBodyError
from addons.layers.commands import ClientOverdue, LingerAndClose, RequestRejected, UpstreamLost
from addons.layers.exchange import Commands, Exchange
from addons.layers.heads import BadRequestError, read_request
from addons.layers.upstream import STREAM, Kept, Upstream
from proxy.visit import Answer

HEAD_TIMEOUT = 30.0
"""Seconds from the connect, or from a request's first byte, to the end of its head."""
BODY_TIMEOUT = 120.0
BODY_LEAST = 1024
"""Seconds to the next so many bytes of a request's body, while the upstream has not begun to answer."""
IDLE_TIMEOUT = 75.0
"""Seconds between two requests."""


SERVED = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
"""For those who ask for a method that is not (RFC 9110 section 15.5.6); any other method is the app's to judge."""


class VisitLayer(layer.Layer):
    """Reads requests from a client and has each one answered before the next."""

    def __init__(self, context: Context, refuse: Callable[[int, str], Answer], draining: Callable[[], bool]) -> None:
        super().__init__(context)
        self.visits = 0
        """Requests read so far."""
        self._received = 0
        """Bytes from the client."""
        self._refuse = refuse
        self._draining = draining
        self._buf = ReceiveBuffer()
        self._exchange: Exchange | None = None
        self._kept = Kept()
        self._tunnel: Server | None = None
        self._turn: commands.RequestWakeup | None = None
        self._closed = False

    @property
    def backlog(self) -> int:
        """Bytes from the client that nobody has taken."""
        return len(self._buf)

    @property
    def busy(self) -> bool:
        """A visit is held or in flight."""
        return self._exchange is not None

    @property
    def idle(self) -> bool:
        """Nothing has been asked that is not answered."""
        return self._exchange is None and not self._buf

    @property
    def waits_for_last_answer(self) -> bool:
        """The client may have closed its sending side and still read."""
        return self._exchange is not None and self._exchange.is_last

    @property
    def patience(self) -> float | None:
        """Seconds that the client may take for what it has to do now; None when it is not its turn."""
        if self._exchange is not None:
            return BODY_TIMEOUT if self._exchange.waits_for_body else None
        return HEAD_TIMEOUT if self._buf or not self.visits else IDLE_TIMEOUT

    @property
    def turn(self) -> tuple[int, int]:
        """Changes when the client has done what it was waited for: a whole head, or more of a body."""
        return self.visits, self._received // BODY_LEAST if self._exchange is not None else 0

    def handle_event(self, event: events.Event) -> Commands:
        """Never waits itself, so mitmproxy's queueing of events is left out here; `Exchange` has it."""
        if self._closed:
            return
        if isinstance(event, events.DataReceived):
            if event.connection is self.context.client:
                if self._tunnel is not None:
                    yield commands.SendData(self._tunnel, event.data)
                    return
                exchange = self._exchange
                self._received += len(event.data)
                if exchange is not None and exchange.wants_body and not self._buf and exchange.body.take(event.data):
                    yield from exchange.handle_event(RequestData(STREAM, event.data))
                else:
                    self._buf += event.data
            else:
                yield from self._upstream_data(event.connection, event.data)
        elif isinstance(event, events.ConnectionClosed):
            yield from self._upstream_closed(event.connection)
        elif isinstance(event, events.Wakeup) and event.command is self._turn:
            self._turn = None
        elif isinstance(event, events.CommandCompleted):
            if self._exchange is not None:
                yield from self._exchange.handle_event(event)
        elif isinstance(event, ClientOverdue):
            yield from self._overdue()
        yield from self._progress()

    def _handle_event(self, event: events.Event) -> Commands:
        return self.handle_event(event)

    def _progress(self) -> Commands:
        """Go on as far as the client's bytes lead."""
        while not (self._closed or self._turn):
            exchange = self._exchange
            try:
                if exchange is None:
                    head = read_request(self._buf)
                    if head is None:
                        return
                    self.visits += 1
                    self._exchange = Exchange(self.context, *head, self._kept, self._refuse, self._draining)
                    yield from self._exchange.handle_event(events.Start())
                elif exchange.ended:
                    yield from self._next(exchange)
                elif exchange.tunnel is not None:
                    if self._tunnel is None:
                        yield from self._open_tunnel(exchange.tunnel)
                        if exchange.upstream is None:
                            yield from self._close(linger=False)
                    return
                elif not exchange.wants_body or not (yield from self._pump(exchange)):
                    return
            except BadRequestError as error:
                yield from self._reject(error.status, error.detail)
            except BadBodyError as error:
                yield from self._reject(400, f"The request's body cannot be read: {error}")

    def _pump(self, exchange: Exchange) -> layer.CommandGenerator[bool]:
        """Pass on what is there of the body; returns whether something changed."""
        if data := exchange.body.read(self._buf):
            yield from exchange.handle_event(RequestData(STREAM, data))
        if not exchange.body.done:
            return False
        if exchange.body.trailers:
            raise BadRequestError(400, "Requests with trailers are not served here.")
        exchange.wants_body = False
        yield from exchange.handle_event(RequestEndOfMessage(STREAM))
        return True

    def _next(self, exchange: Exchange) -> Commands:
        self.context.layers.remove(exchange)
        self._exchange = None
        if not exchange.reply.keep_alive or self._draining():
            yield from self._close(linger=exchange.linger or bool(self._buf))
        elif self._buf:
            # Other connections' turn first: a client may have sent hundreds of requests at once.
            self._turn = commands.RequestWakeup(0)
            yield self._turn

    def _reject(self, status: int, detail: str) -> Commands:
        answer = self._refuse(status, detail)
        if status == 405:
            answer.headers.append(("Allow", SERVED))
        if self._exchange is not None:
            self._exchange.wants_body = False
            yield from self._exchange.handle_event(RequestRejected(answer))
            return
        yield commands.SendData(self.context.client, whole(own(answer)))
        yield from self._close(linger=True)

    def _close(self, *, linger: bool) -> Commands:
        self._closed = True
        client = self.context.client
        yield LingerAndClose(client) if linger else commands.CloseConnection(client)

    def _overdue(self) -> Commands:
        if self._exchange is None and self._buf:
            yield from self._reject(408, "The request's head did not arrive in time.")
        elif self._exchange is None:
            yield from self._close(linger=False)
        elif self._exchange.waits_for_body:
            yield from self._reject(408, "The request's body did not arrive in time.")

    # The upstream

    def _upstream_data(self, server: Connection, data: bytes) -> Commands:
        exchange = self._exchange
        if self._tunnel is server:
            yield commands.SendData(self.context.client, data)
        elif exchange is not None and exchange.upstream is not None and exchange.upstream.server is server:
            yield from self._tell(exchange, exchange.upstream.receive(data))
        elif self._kept.is_on(server):
            self._kept.take()  # nobody asked it anything
            yield commands.CloseConnection(server)

    def _upstream_closed(self, server: Connection) -> Commands:
        exchange = self._exchange
        if self._tunnel is server:
            yield from self._close(linger=False)
        elif exchange is not None and exchange.upstream is not None and exchange.upstream.server is server:
            yield from self._tell(exchange, exchange.upstream.closed())
            yield from exchange.handle_event(UpstreamLost(server))
        elif self._kept.is_on(server):
            self._kept.take()

    def _tell(self, exchange: Exchange, parts: Iterable[HttpEvent]) -> Commands:
        for part in parts:
            yield from exchange.handle_event(part)

    def _open_tunnel(self, upstream: Upstream) -> Commands:
        """From here on bytes go through unread (RFC 9110 section 7.8), those that have come already first."""
        self._tunnel = upstream.server
        if early := bytes(upstream.buf):
            yield commands.SendData(self.context.client, early)
        if early := bytes(self._buf):
            self._buf = ReceiveBuffer()
            yield commands.SendData(self._tunnel, early)
