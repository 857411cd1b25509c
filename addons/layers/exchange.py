"""One visit on its way: the verdict, the connect, the request out, the answer back, and how each of them can fail.

Until the request's head is out this reads from top to bottom, with waits where mitmproxy's layers have them (hooks
and connects); from then on both directions run at their own pace. The body is not touched before the upstream's
connection stands, so a refused connect loses nothing and the doorman may send the visit elsewhere.
"""

from collections.abc import Callable

from mitmproxy import http
from mitmproxy.connection import Connection, Server
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    RequestEndOfMessage,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook, HttpResponseHeadersHook

from addons.layers.answers import own
from addons.layers.bodies import make_body
from addons.layers.commands import (
    AbortConnection,
    RequestRejected,
    UpstreamBrokenHook,
    UpstreamLost,
    UpstreamRefusedHook,
    VisitEndedHook,
)
from addons.layers.heads import Size, tokens
from addons.layers.reply import Reply
from addons.layers.upstream import APP, Kept, Upstream
from proxy.visit import Answer

CONTINUE_AFTER = 1.0
"""Seconds an upstream has to say `100 Continue` or something else; after that we say it (RFC 9110 section 10.1.1)."""

_SAFE = frozenset((b"GET", b"HEAD", b"OPTIONS"))
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

type Commands = layer.CommandGenerator[None]


class Exchange(layer.Layer):
    """A request and its answer."""

    def __init__(
        self,
        context: Context,
        request: http.Request,
        size: Size,
        kept: Kept,
        refuse: Callable[[int, str], Answer],
        draining: Callable[[], bool],
    ) -> None:
        super().__init__(context)
        self.flow = http.HTTPFlow(context.client, context.server, live=True)
        self.flow.request = request
        self.upstream: Upstream | None = None
        self.wants_body = False
        """The client's bytes may come now."""
        self.ended = False
        self.tunnel: Upstream | None = None
        """The protocol has been switched; this visit ends with the connection."""
        self.linger = False
        """The client still sends when the visit has ended."""
        self._kept = kept
        self._refuse = refuse
        self._draining = draining
        # Hooks change the request and the response; what they mean for the client's connection is decided from here.
        self.reply = Reply(request)
        self._last = not self.reply.keep_alive
        self.body = make_body(size)
        self._request_done = self.body.done
        self._bodyless = self._request_done
        self._continue: commands.RequestWakeup | None = None
        self._started = False
        """The answer's head is out."""
        self._response_done = False

    @property
    def is_last(self) -> bool:
        """The client has said that it asks nothing more; so when it closes its sending side it may still read.

        The end of what a client sends looks the same whether it reads on or has left. Who says nothing beforehand has
        left, as nginx and mitmproxy see it too; and while a visit is held, that also goes for all who speak HTTP/1.1.
        """
        return (
            self._last and self._request_done and (self.reply.http10 or self.upstream is not None) and not self.tunnel
        )

    @property
    def waits_for_body(self) -> bool:
        """It is the client's turn: the upstream has not begun to answer and may want the rest of the body first."""
        return self.wants_body and not self._started

    def _handle_event(self, event: events.Event) -> Commands:
        if self.ended:
            return
        if isinstance(event, ResponseData):
            yield from self._response_data(event.data)
        elif isinstance(event, RequestData):
            yield from self._request_data(event.data)
        elif isinstance(event, events.Start):
            yield HttpRequestHeadersHook(self.flow)
            yield from self._follow()
        elif isinstance(event, ResponseHeaders):
            yield from self._response_head(event.response)
        elif isinstance(event, ResponseEndOfMessage):
            yield from self._response_end()
        elif isinstance(event, RequestEndOfMessage):
            yield from self._request_end()
        elif isinstance(event, ResponseProtocolError):
            yield from self._broken(event.message)
        elif isinstance(event, events.Wakeup) and event.command is self._continue:
            yield from self._say_continue()
        elif isinstance(event, UpstreamLost):
            yield from self._upstream_lost(event.server)
        elif isinstance(event, RequestRejected):
            yield from self._reject(event.answer)

    # The way to the upstream

    def _follow(self) -> Commands:
        """Do as the verdict says, until the request is on its way or an answer is sent."""
        data = self.flow.request.data
        while self.flow.response is None and self.flow.error is None:
            found = yield from self._connect((data.host, data.port), again=False)
            if isinstance(found, Upstream):
                yield from self._send_head(found)
                return
            yield UpstreamRefusedHook(self.flow, found)
        yield from self._answer()

    def _connect(self, address: tuple[str, int], *, again: bool) -> layer.CommandGenerator[Upstream | str]:
        """A connection, or what went wrong."""
        kept, app = self._kept.take(), self.flow.metadata.get(APP)
        if kept is not None:
            reuse = self._bodyless and self.flow.request.data.method in _SAFE and not again
            if reuse and (kept.server.address, kept.app) == (address, app):
                self.upstream = kept
                return kept
            yield commands.CloseConnection(kept.server)
        server = Server(address=address)
        self.upstream = upstream = Upstream(server, app)
        error: str | None = yield commands.OpenConnection(server)
        if error is None:
            return upstream
        self.upstream = None
        return error

    def _send_head(self, upstream: Upstream) -> Commands:
        request = self.flow.request
        self.flow.server_conn = upstream.server
        upstream.begin(request.data.method)
        request.data.http_version = b"HTTP/1.1"
        yield commands.SendData(upstream.server, http1.assemble_request_head(request))
        if not self._request_done:
            self.wants_body = True
            if not self.reply.http10 and b"100-continue" in tokens(request.data.headers.fields, b"expect"):
                self._continue = commands.RequestWakeup(CONTINUE_AFTER)
                yield self._continue

    def _request_data(self, data: bytes) -> Commands:
        self._continue = None
        if self.upstream is not None:
            framed = b"%x\r\n%b\r\n" % (len(data), data) if self.body.chunked else data
            yield commands.SendData(self.upstream.server, framed)

    def _request_end(self) -> Commands:
        self._continue = None
        self._request_done = True
        if self.upstream is not None and self.body.chunked:
            yield commands.SendData(self.upstream.server, b"0\r\n\r\n")
        yield from self._end_if_done()

    def _say_continue(self) -> Commands:
        self._continue = None
        if not self._started:
            yield commands.SendData(self.context.client, _CONTINUE)

    # The way back

    def _response_head(self, response: http.Response) -> Commands:
        status = response.data.status_code
        if 100 <= status < 200 and status != 101:
            yield from self._interim(response)
            return
        upgrade = b"upgrade" in tokens(self.flow.request.data.headers.fields, b"connection")
        if status == 101 and not upgrade:
            yield from self._broken("it switched protocols without being asked to")
            return
        self.flow.response = response
        yield HttpResponseHeadersHook(self.flow)
        if self.flow.error is not None:
            yield from self._answer()
            return
        self._continue = None
        self._started = True
        self._close_if_draining()
        yield commands.SendData(self.context.client, self.reply.head(response))
        if status == 101:
            self.tunnel = self.upstream

    def _interim(self, response: http.Response) -> Commands:
        if response.data.status_code == 100:
            if self._continue is None:
                return  # not asked for, or said by us already
            self._continue = None
        yield commands.SendData(self.context.client, self.reply.interim(response))

    def _response_data(self, data: bytes) -> Commands:
        if self._started:
            yield commands.SendData(self.context.client, self.reply.data(data))

    def _response_end(self) -> Commands:
        if not self._started or self.tunnel:
            return
        yield commands.SendData(self.context.client, self.reply.end())
        self._response_done = True
        yield from self._end_if_done()

    # Endings

    def _end_if_done(self) -> Commands:
        upstream = self.upstream
        if not self._response_done:
            return
        if not self._request_done:
            if upstream is not None:
                return  # an answer before its time; the upstream may still want the rest
            self._close_lingering()
        if upstream is not None and upstream.reusable:
            self._kept.upstream = upstream
        elif upstream is not None:
            yield commands.CloseConnection(upstream.server)
        yield from self._end()

    def _upstream_lost(self, server: Connection) -> Commands:
        if self.upstream is not None and self.upstream.server is server:
            self.upstream = None
            yield from self._end_if_done()

    def _broken(self, reason: str) -> Commands:
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            yield commands.CloseConnection(upstream.server)
        if self._started:
            yield AbortConnection(self.context.client)
            return
        if upstream is not None and upstream.used > 1 and not upstream.heard:
            # It was kept from the visit before and closed by its other side meanwhile (RFC 9112 section 9.3.1).
            data = self.flow.request.data
            found = yield from self._connect((data.host, data.port), again=True)
            if isinstance(found, Upstream):
                yield from self._send_head(found)
            else:
                yield UpstreamRefusedHook(self.flow, found)
                yield from self._follow()
            return
        yield UpstreamBrokenHook(self.flow, reason)
        yield from self._answer()

    def _reject(self, answer: Answer) -> Commands:
        if self._response_done:
            self._close_lingering()
            if self.upstream is not None:
                yield commands.CloseConnection(self.upstream.server)
            yield from self._end()
            return
        if self._started:
            yield AbortConnection(self.context.client)
            return
        self.flow.response = own(answer)
        self.flow.error = None
        yield from self._answer()

    def _answer(self) -> Commands:
        """Send an answer of Torpor's own, at once, whatever of the request is still to come."""
        if self.flow.error is not None or self.flow.response is None:
            self.flow.response = own(self._refuse(500, "Torpor failed at this request; its log says why."))
        if self.upstream is not None:
            yield commands.CloseConnection(self.upstream.server)
            self.upstream = None
        response = self.flow.response
        if not self._request_done:
            self._close_lingering()
        self._started = True
        self._close_if_draining()
        yield commands.SendData(self.context.client, self.reply.whole(response))
        yield from self._end()

    def _close_lingering(self) -> None:
        self.linger, self.reply.keep_alive = True, False

    def _close_if_draining(self) -> None:
        if self._draining():
            self.reply.keep_alive = False

    def _end(self) -> Commands:
        self.ended = True
        self.wants_body = False
        yield VisitEndedHook(self.flow)
