"""The scaler's end of the links: tells every proxy what changed, and takes down what they say.

Links are for the scaler that leads. A standby turns every proxy away at once, before it even looks at the token, so
that the proxy goes on to the next; and a reign that ends closes its links, so that proxies look for who is next.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

from aiohttp import WSCloseCode, WSMsgType, web

from scaler.outbox import Outbox
from scaler.proxies import Proxy
from scaler.scaler import Scaler
from scaler.welcome import CannotTell, Welcome
from torpor import link
from torpor.problem import CONTENT_TYPE, problem
from torpor.words import AppId

logger = logging.getLogger(__name__)

MAX_PROXIES = 1_000
ASKING = 2.5
"""Seconds for whoever has to be asked about a token; proxies wait a little longer for the answer."""


class _End(Enum):
    """How a link ended."""

    BYE = auto()
    CLOSED = auto()
    SILENT = auto()


class _Reign:
    """The links of one scaler, for as long as it leads."""

    def __init__(self, scaler: Scaler) -> None:
        self.scaler = scaler
        self.outboxes: set[Outbox] = set()
        self.over = asyncio.Event()
        self._routes = {view: scaler.telling.routes(view) for app in scaler.apps.values() for view in app.spec.views}

    def changed(self, view: AppId) -> None:
        before, now = self._routes.pop(view, None) or (), self.scaler.telling.routes(view)
        if now is not None:
            self._routes[view] = now
        losing = before is not now and not set(before) <= set(now or ())
        for outbox in self.outboxes:
            outbox.put(view, losing=losing)


class LinkServer:
    """Handles the WebSocket at `link.PATH`. The welcome keeps everyone but our own proxies out."""

    def __init__(self, welcome: Welcome) -> None:
        self._welcome = welcome
        self._reign: _Reign | None = None

    @contextmanager
    def serving(self, scaler: Scaler) -> Iterator[None]:
        """Let proxies link up with this scaler for the length of the block, at the end of which links are closed."""
        reign = self._reign = _Reign(scaler)
        scaler.telling.on_change.append(reign.changed)
        try:
            yield
        finally:
            scaler.telling.on_change.remove(reign.changed)
            reign.over.set()
            if self._reign is reign:
                self._reign = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one proxy until its link ends."""
        reign = self._reign
        if reign is None:
            return _no(503, "This scaler does not lead; another one may.")
        if refusal := await self._turned_away(request):
            return refusal
        if reign.over.is_set():
            return _no(503, "This scaler does not lead any more; another one may.")
        if len(reign.outboxes) >= MAX_PROXIES:
            return _no(503, "Too many proxies.")
        socket = web.WebSocketResponse(timeout=1.0, max_msg_size=link.MAX_MESSAGE, compress=False)
        outbox = Outbox()
        reign.outboxes.add(outbox)
        try:
            await socket.prepare(request)
            await self._serve(socket, reign, outbox)
        finally:
            reign.outboxes.discard(outbox)
            await socket.close(code=WSCloseCode.GOING_AWAY)
        return socket

    async def _turned_away(self, request: web.Request) -> web.Response | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = ""
        try:
            async with asyncio.timeout(ASKING):
                reason = await self._welcome(token)
        except (CannotTell, TimeoutError) as error:
            why = str(error) or f"no answer within {ASKING:g}s"
            logger.warning("nobody can tell whether a proxy may link up: %s", why)
            return _no(503, f"Nobody can tell just now whether this token is right: {why}")
        return None if reason is None else _no(401, reason)

    async def _serve(self, socket: web.WebSocketResponse, reign: _Reign, outbox: Outbox) -> None:
        try:
            hello = await self._read(socket)
        except TimeoutError:
            return
        if not isinstance(hello, link.Hello):
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"say hello first")
            return
        if reign.over.is_set():
            return
        proxy = reign.scaler.links.connected(hello.proxy, hello.engine, age=hello.age, alone=hello.alone)
        end = _End.CLOSED
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [
                    group.create_task(self._write(socket, reign.scaler, outbox)),
                    group.create_task(self._close_after(reign, socket)),
                ]
                end = await self._listen(socket, reign, proxy)
                for helper in helpers:
                    helper.cancel()
        finally:
            reign.scaler.links.disconnected(proxy, clean=end is _End.BYE, silent=end is _End.SILENT)

    async def _close_after(self, reign: _Reign, socket: web.WebSocketResponse) -> None:
        await reign.over.wait()
        await socket.close(code=WSCloseCode.GOING_AWAY, message=b"another scaler may lead")

    async def _listen(self, socket: web.WebSocketResponse, reign: _Reign, proxy: Proxy) -> "_End":
        """Take down what a proxy says until its link ends; how it ended."""
        links, said = reign.scaler.links, reign.scaler.metrics.system.message
        said("hello")
        while True:
            try:
                message = await self._read(socket)
            except TimeoutError:
                return _End.SILENT
            if reign.over.is_set():
                return _End.CLOSED
            if message is not None:
                said(message.kind)
                links.heard(proxy)
            match message:
                case link.Activity():
                    links.heard(proxy, message.load)
                    for view, work in message.apps.items():
                        links.reported(proxy, view, work)
                    for view, counts in message.counts.items():
                        links.counted(view, counts)
                case link.Knock():
                    links.knocked(message)
                case link.Drained():
                    links.drained(proxy, message)
                case link.Down():
                    links.refused(message)
                case link.Bye():
                    return _End.BYE
                case _:
                    return _End.CLOSED

    async def _read(self, socket: web.WebSocketResponse) -> link.FromProxy | None:
        """The next word of a proxy; None when it has none left, or says nonsense. Raises TimeoutError when it says
        nothing for a whole lease; the link is closed then."""
        try:
            async with asyncio.timeout(link.LEASE):
                message = await socket.receive()
        except TimeoutError:
            logger.warning("a proxy has said nothing for %gs; its link is closed", link.LEASE)
            await socket.close()
            raise
        if message.type is not WSMsgType.TEXT:
            return None
        try:
            return link.read_from_proxy(message.data)
        except ValueError as error:
            logger.warning("a proxy said what cannot be understood: %s", str(error)[:300])
            return None

    async def _write(self, socket: web.WebSocketResponse, scaler: Scaler, outbox: Outbox) -> None:
        said = scaler.metrics.system.message

        async def send(message: link.FromScaler) -> None:
            await self._send(socket, message)
            said(message.kind)

        await send(link.Snapshot(apps=tuple(scaler.telling.views())))
        while not socket.closed:
            changed = await outbox.get(link.HEARTBEAT)
            if changed is None:
                await send(link.Beat())
            elif (view := scaler.telling.view(changed)) is None:
                await send(link.Removed(app=changed))
            else:
                await send(link.Changed(app=view))

    async def _send(self, socket: web.WebSocketResponse, message: link.FromScaler) -> None:
        try:
            async with asyncio.timeout(link.LEASE):
                await socket.send_str(link.write(message))
        except (ConnectionError, TimeoutError):
            await socket.close()


def _no(status: int, detail: str) -> web.Response:
    return web.json_response(problem(status, detail), status=status, content_type=CONTENT_TYPE)
