"""A front door for one app, as small as can be: Torpor's page until the app is awake, then the app's own page."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

from proxy import pages
from proxy.doorman import PROGRESS
from proxy.pages import Look
from proxy.visit import Answer, Visit
from tests.proxy.pages.samples import view
from torpor.link import AppView
from torpor.words import Phase

POLL = 2.0
"""Seconds that a question about progress is held when there is no news."""
NOWHERE = "/nowhere"
"""There is no app at this path."""
APP_PAGE = "<!doctype html><title>the app</title><h1>the app itself</h1>"


@dataclass
class FrontDoor:
    """What it serves can be changed while it runs; what it was asked is kept."""

    state: AppView = field(default_factory=view)
    by_next_visit: AppView | None = None
    """What the next visit makes of the app, as a visit does that makes the scaler try again."""
    stuck: bool = False
    """Progress says awake, and yet the page is shown again and again."""
    deaf: bool = False
    """Questions about progress are cut off without an answer."""
    look: Look | None = None
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """The targets of all requests but those about progress, in order."""
    polls: list[dict[str, str]] = field(default_factory=list)
    _version: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, state: AppView) -> AsyncIterator[Self]:
        """Serve on a free port for the length of the block."""
        door = cls(state)
        app = web.Application()
        app.router.add_get(PROGRESS, door._progress)
        app.router.add_get("/{path:.*}", door._visit)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            door.url = f"http://notes.localhost:{runner.addresses[0][1]}"
            yield door
        finally:
            await runner.cleanup()

    def becomes(self, phase: Phase, **members: object) -> None:
        """Something happens to the app."""
        self.state = self.state.model_copy(update={"phase": phase, **members})
        self._version += 1
        self._news.set()
        self._news = asyncio.Event()

    async def _progress(self, request: web.Request) -> web.StreamResponse:
        self.polls.append(dict(request.query))
        if self.deaf:
            assert request.transport is not None
            request.transport.abort()
        if request.query.get("seen") == f"v{self._version}":
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._news.wait()
        return _response(pages.progress(self.state, f"v{self._version}"))

    async def _visit(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.raw_path)
        if request.path == NOWHERE:
            return _response(pages.unknown_host(visit_of(request), self.look))
        if self.by_next_visit is not None and "favicon" not in request.path:
            self.state, self.by_next_visit = self.by_next_visit, None
        visit = visit_of(request)
        if self.state.phase is Phase.FAILED:
            return _response(pages.failed(visit, self.state, self.look))
        if self.state.phase is not Phase.AWAKE or self.stuck:
            return _response(pages.waiting(self.state, 0.0, self.look))
        return web.Response(text=APP_PAGE, content_type="text/html")


def visit_of(request: web.Request) -> Visit:
    return Visit("notes.localhost", "GET", request.raw_path, "127.0.0.1", accept=request.headers["Accept"])


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
