"""The scaler's end of the links: tells every proxy what changed, and takes down what they say.

Towards a proxy nothing queues but the ids of views that changed: what is sent is the view as it stands when its turn
comes. So a slow proxy gets fewer words, never stale ones, and costs at most one entry per view.
"""

import asyncio
import hmac
import logging

from aiohttp import WSCloseCode, WSMsgType, web

from scaler.proxies import Proxy
from scaler.scaler import Scaler
from torpor import link
from torpor.problem import CONTENT_TYPE, problem
from torpor.words import AppId

logger = logging.getLogger(__name__)

MAX_PROXIES = 1_000


class LinkServer:
    """Handles the WebSocket at `link.PATH`. The token keeps everyone but our own proxies out."""

    def __init__(self, scaler: Scaler, token: str) -> None:
        if not token:
            raise ValueError("a link needs a token")
        self._scaler = scaler
        self._token = token.encode()
        self._outboxes: set[_Outbox] = set()
        scaler.telling.on_change.append(self._changed)

    def _changed(self, view: AppId) -> None:
        for outbox in self._outboxes:
            outbox.put(view)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one proxy until its link ends."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            detail = "The link needs the token that scaler and proxies share (TORPOR_LINK_TOKEN)."
            return web.json_response(problem(401, detail), status=401, content_type=CONTENT_TYPE)
        if len(self._outboxes) >= MAX_PROXIES:
            return web.json_response(problem(503, "Too many proxies."), status=503, content_type=CONTENT_TYPE)
        socket = web.WebSocketResponse(timeout=1.0, max_msg_size=link.MAX_MESSAGE, compress=False)
        await socket.prepare(request)
        outbox = _Outbox()
        proxy: Proxy | None = None
        clean = False
        try:
            hello = await self._read(socket)
            if not isinstance(hello, link.Hello):
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"say hello first")
                return socket
            proxy = self._scaler.links.connected(hello.proxy, hello.engine, age=hello.age)
            self._outboxes.add(outbox)
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._write(socket, outbox))
                clean = await self._listen(socket, proxy)
                writer.cancel()
        finally:
            self._outboxes.discard(outbox)
            if proxy is not None:
                self._scaler.links.disconnected(proxy, clean=clean)
            await socket.close(code=WSCloseCode.GOING_AWAY)
        return socket

    async def _listen(self, socket: web.WebSocketResponse, proxy: Proxy) -> bool:
        """Take down what a proxy says until its link ends; whether it ended with a goodbye."""
        links = self._scaler.links
        while True:
            match message := await self._read(socket):
                case link.Activity():
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
                    return True
                case _:
                    return False

    async def _read(self, socket: web.WebSocketResponse) -> link.FromProxy | None:
        """The next word of a proxy; None when it has none left, says nonsense, or nothing for a whole lease."""
        try:
            async with asyncio.timeout(link.LEASE):
                message = await socket.receive()
        except TimeoutError:
            logger.warning("a proxy has said nothing for %gs; its link is closed", link.LEASE)
            await socket.close()
            return None
        if message.type is not WSMsgType.TEXT:
            return None
        try:
            return link.read_from_proxy(message.data)
        except ValueError as error:
            logger.warning("a proxy said what cannot be understood: %s", str(error)[:300])
            return None

    async def _write(self, socket: web.WebSocketResponse, outbox: "_Outbox") -> None:
        await self._send(socket, link.Snapshot(apps=tuple(self._scaler.telling.views())))
        while not socket.closed:
            changed = await outbox.get(link.HEARTBEAT)
            if changed is None:
                await self._send(socket, link.Beat())
            elif (view := self._scaler.telling.view(changed)) is None:
                await self._send(socket, link.Removed(app=changed))
            else:
                await self._send(socket, link.Changed(app=view))

    async def _send(self, socket: web.WebSocketResponse, message: link.FromScaler) -> None:
        try:
            async with asyncio.timeout(link.LEASE):
                await socket.send_str(link.write(message))
        except (ConnectionError, TimeoutError):
            await socket.close()


class _Outbox:
    """The views that one proxy has not been told about, oldest change first."""

    def __init__(self) -> None:
        self._views: dict[AppId, None] = {}
        self._news = asyncio.Event()

    def put(self, view: AppId) -> None:
        self._views[view] = None
        self._news.set()

    async def get(self, patience: float) -> AppId | None:
        """The next view to tell about; None when there is none for this many seconds."""
        if not self._views:
            self._news.clear()
            try:
                async with asyncio.timeout(patience):
                    await self._news.wait()
            except TimeoutError:
                return None
        view = next(iter(self._views))
        del self._views[view]
        return view
