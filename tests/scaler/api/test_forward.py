"""A scaler that stands by, asked for what only the one that leads knows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from scaler.api.connection import Server, presence
from scaler.api.forward import FORWARDED, Forward
from scaler.api.problems import Problem
from tests.scaler.api.fake_control import until

MANY = 120
"""More than a pool of connections has, unless it is told otherwise."""
PATIENCE = aiohttp.ClientTimeout(total=30)


class Leads:
    """Answers with what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, bytes]] = []
        self.streams = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/v1/events":
            return await self._stream(request)
        self.asked.append((request.method, request.path_qs, request.headers.get(FORWARDED, ""), await request.read()))
        return web.json_response({"who": "leads"}, status=202, headers={"Retry-After": "7"})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """One that goes on until its client leaves."""
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun\n")
        self.streams += 1
        try:
            async with presence(request).block():
                await asyncio.Event().wait()
        finally:
            self.streams -= 1
        return response


@web.middleware
async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the API makes of a Problem."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()


@asynccontextmanager
async def listening(application: web.Application) -> AsyncIterator[str]:
    handlers = web.AppRunner(application)
    await handlers.setup()
    made = cast(web.Server, handlers.server)
    runner = web.ServerRunner(Server(made.request_handler, made.request_factory), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield "http://{}:{}".format(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()
        await handlers.cleanup()


@asynccontextmanager
async def standing_by(leader: str | None) -> AsyncIterator[aiohttp.ClientSession]:
    """One that takes this for the leader's address."""

    async def own(_: web.Request) -> web.Response:
        return web.Response(text="my own")

    forward = Forward(lambda: leader)
    application = web.Application(middlewares=[told, forward.middleware])
    application.cleanup_ctx.append(forward.session)
    application.router.add_route("*", "/{path:.*}", own)
    async with (
        listening(application) as base,
        aiohttp.ClientSession(base, timeout=PATIENCE, connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        yield session


@pytest.fixture
async def leads() -> AsyncIterator[tuple[Leads, str]]:
    leader = Leads()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", leader.handle)
    async with listening(application) as base:
        yield leader, base


async def test_it_answers_what_the_leader_answers(leads: tuple[Leads, str]) -> None:
    leader, base = leads
    async with standing_by(base) as session, session.post("/v1/apps/shop/web/wake?why=now", data=b"body") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (202, "7")
        assert await answer.json() == {"who": "leads"}
    assert leader.asked == [("POST", "/v1/apps/shop/web/wake?why=now", "1", b"body")]


async def test_however_many_streams_go_on_there_is_room_for_one_more_request(leads: tuple[Leads, str]) -> None:
    leader, base = leads
    async with standing_by(base) as session, contextlib.AsyncExitStack() as streams:
        for _ in range(MANY):
            answer = await streams.enter_async_context(session.get("/v1/events"))
            assert await answer.content.readline() == b"begun\n"
        async with session.get("/v1/apps") as answer:
            assert (await answer.json())["who"] == "leads"
        assert leader.streams == MANY
    await until(lambda: not leader.streams)


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/static/page.css"])
async def test_it_says_itself_how_it_is(leads: tuple[Leads, str], path: str) -> None:
    leader, base = leads
    async with standing_by(base) as session, session.get(path) as answer:
        assert await answer.text() == "my own"
    assert leader.asked == []


async def test_the_one_that_leads_asks_nobody() -> None:
    async with standing_by(None) as session, session.get("/v1/apps") as answer:
        assert await answer.text() == "my own"


async def test_while_nobody_leads_it_asks_to_be_asked_again() -> None:
    async with standing_by("") as session, session.get("/v1/apps") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert "No scaler leads" in (await answer.json())["detail"]


async def test_what_was_forwarded_once_is_not_forwarded_again(leads: tuple[Leads, str]) -> None:
    leader, base = leads
    async with standing_by(base) as session, session.get("/v1/apps", headers={FORWARDED: "1"}) as answer:
        assert answer.status == 503
    assert leader.asked == []


async def test_a_leader_that_does_not_answer_is_said_to_be_away(port: int) -> None:
    async with standing_by(f"http://127.0.0.1:{port}") as session, session.get("/v1/apps") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert "does not answer" in (await answer.json())["detail"]
