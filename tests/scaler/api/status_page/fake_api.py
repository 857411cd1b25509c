"""The API as far as the status page knows it, with apps that do as the test says."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from scaler.bus import Bus
from scaler.status import AppStatus
from torpor.words import Phase

FILES = Path(__file__).parents[4] / "scaler" / "api" / "status_page"
RULES = {
    "Content-Security-Policy": "default-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
TOKEN = "a token of sixteen"


def clock() -> float:
    """Unix seconds."""
    return datetime.now(UTC).timestamp()


def status(name: str, phase: Phase = Phase.ASLEEP, **members: Any) -> AppStatus:
    """An app, with what the test does not care about filled in."""
    defaults: dict[str, Any] = {
        "hosts": (f"{name}.localhost",),
        "last_access": None,
        "in_flight": 0,
        "held": 0,
        "idle_timeout": 300.0,
        "sleeps_at": None,
        "replicas": 0,
        "cause": "",
        "reason": "",
    }
    return AppStatus(name, phase, **(defaults | members))


@dataclass
class FakeApi:
    """Serves the page and its data; `apps` may be changed while it runs."""

    apps: dict[str, AppStatus] = field(default_factory=dict)
    token: str | None = None
    proxies: int = 1
    leader: bool = True
    listen: str = "127.0.0.1:8080"
    """Where visitors are told to come in; empty in a cluster."""
    refusal: tuple[int, str] | None = None
    """Status and detail of the answer to every change."""
    savings: dict[str, object] | None = None
    """What is answered about them; None: such a question is not known."""
    turns: asyncio.Semaphore | None = None
    """Each question about all apps takes one before it is answered."""
    broken: bool = False
    """Every question about apps and events is cut off."""
    url: str = ""
    posts: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Authorization of each change asked for."""
    asked: list[str] = field(default_factory=list)
    bus: Bus = field(default_factory=Bus)
    _streams: list[web.Request] = field(default_factory=list)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, *apps: AppStatus) -> AsyncIterator[Self]:
        """Serve on a free port for the length of the block."""
        api = cls({app.id: app for app in apps})
        server = web.Application()
        server.router.add_get("/", api._index)
        server.router.add_get("/static/{name}", api._static)
        server.router.add_get("/v1/info", api._info)
        server.router.add_get("/v1/apps", api._apps)
        server.router.add_get("/v1/apps/{id:.+}", api._app)
        server.router.add_post("/v1/apps/{id:.+}/{verb}", api._change)
        server.router.add_get("/v1/savings", api._savings)
        server.router.add_get("/v1/events", api._events)
        runner = web.AppRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield api
        finally:
            await runner.cleanup()

    def happens(self, what: str, app: AppStatus, text: str = "") -> None:
        """Something happens to an app, and everybody is told."""
        self.apps[app.id] = app
        if what == "removed":
            del self.apps[app.id]
        self.bus.publish(clock(), what, app, text)

    def cut(self) -> None:
        """Cut the event streams, as a lost network does."""
        for request in self._streams:
            assert request.transport is not None
            request.transport.abort()

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(FILES / "index.html", headers=RULES)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(FILES / request.match_info["name"], headers=RULES)

    async def _info(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(
            {
                "version": "0.1.0",
                "engine": "mitmproxy",
                "listen": self.listen,
                "proxies": self.proxies,
                "token_required": self.token is not None,
                "leader": self.leader,
            }
        )

    async def _apps(self, request: web.Request) -> web.StreamResponse:
        self._cut_if_broken(request)
        self.asked.append(request.path)
        if self.turns is not None:
            await self.turns.acquire()
        return web.json_response({"apps": [app.to_json() for app in self.apps.values()]})

    async def _savings(self, _: web.Request) -> web.StreamResponse:
        return _problem(404, "There is nothing here.") if self.savings is None else web.json_response(self.savings)

    async def _app(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        return web.json_response(self.apps[request.match_info["id"]].to_json())

    async def _change(self, request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization")
        self.posts.append((request.raw_path, given))
        if self.token is not None and given != f"Bearer {self.token}":
            return _problem(401, "Changes need the token.")
        if self.refusal is not None:
            return _problem(*self.refusal)
        app = self.apps[request.match_info["id"]]
        phase = Phase.AWAKE if request.match_info["verb"] == "wake" else Phase.ASLEEP
        self.happens("phase", replace(app, phase=phase), f"{app.id} is {phase}")
        return web.json_response(self.apps[app.id].to_json())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        self._cut_if_broken(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self._streams.append(request)
        try:
            with contextlib.suppress(ConnectionResetError), self.bus.listen() as listener:
                for event in list(self.bus.recent)[-int(request.query["recent"]) :]:
                    await _send(response, event.what, event.to_json())
                told = 0
                while True:
                    events = await listener.take()
                    if listener.lost > told:
                        told = listener.lost
                        await _send(response, "lost", {})
                    for event in events:
                        await _send(response, event.what, event.to_json())
        finally:
            self._streams.remove(request)
        return response

    def _cut_if_broken(self, request: web.Request) -> None:
        if self.broken:
            assert request.transport is not None
            request.transport.abort()
            raise web.HTTPServiceUnavailable


async def _send(response: web.StreamResponse, what: str, data: dict[str, object]) -> None:
    async with asyncio.timeout(10):
        await response.write(f"event: {what}\ndata: {json.dumps(data)}\n\n".encode())


def _problem(status: int, detail: str) -> web.Response:
    return web.json_response({"status": status, "detail": detail}, status=status)
