"""Visits to apps that sleep, wake, or have died."""

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.pages.look import Brand, Look
from tests.engines.street import Street, street
from tests.ports import somewhere
from tests.wire import PATIENCE, App, request
from torpor.link import Down, Policy
from torpor.words import Address, PageMode, Phase

BROWSER = ("User-Agent: Mozilla/5.0 Firefox/130.0", "Accept: text/html", "Sec-Fetch-Mode: navigate")


def nowhere() -> Address:
    """An address that refuses connections."""
    return Address(*somewhere())


async def test_a_visit_to_a_sleeping_app_knocks_and_waits(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.asleep()
        visitor = await here.visitor()
        visitor.send(request("GET", "/x", "User-Agent: curl/8"))
        await here.until_held(1)
        assert (await here.work()).in_flight == 0
        assert here.knocks() >= 1
        knock = here.sent[0]
        assert (knock.method, knock.path, knock.user_agent, knock.client) == ("GET", "/x", "curl/8", "127.0.0.1")  # type: ignore[union-attr]
        await here.awake(app)
        got = await visitor.answer()
        assert (got.status, got.body) == (200, b"hello")
        assert got.headers["server-timing"].startswith("torpor;dur=")
        assert (await here.work()).held == 0


async def test_an_upload_is_held_whole_and_arrives_once(engine: str, state: Path) -> None:
    body = bytes(range(256)) * 20_000
    async with App() as app, street(engine, state) as here:
        await here.asleep()
        visitor = await here.visitor()
        visitor.send(request("POST", "/", f"Content-Length: {len(body)}", body=body))
        await here.until_held(1)
        await here.awake(app)
        assert (await visitor.answer()).status == 200
        assert [hashlib.sha256(asked.body).digest() for asked in app.asked] == [hashlib.sha256(body).digest()]


async def test_a_client_that_waits_for_100_continue_waits_while_it_is_held(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.asleep()
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 4", "Expect: 100-continue"))
        await here.until_held(1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await visitor.reader.readexactly(1)
        await here.awake(app)
        visitor.send(b"body")
        assert (await visitor.answer()).status == 200
        assert app.asked[0].body == b"body"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_the_doormans_own_answers_are_told_as_they_are(engine: str, state: Path, method: str) -> None:
    async with street(engine, state) as here:
        await here.asleep(policy=Policy(page=PageMode.ALWAYS))
        visitor = await here.visitor()
        for _ in range(2):
            if method == "POST":
                visitor.send(request("POST", "/", "User-Agent: Googlebot/2.1", "Content-Length: 4", body=b"body"))
            else:
                visitor.send(request(method, "/", *BROWSER))
            got = await visitor.answer(bodiless=method == "HEAD")
            assert got.status == 503
            assert got.headers["torpor-phase"] in ("asleep", "waking")
            assert int(got.headers["content-length"]) > 20
            if method == "GET":
                assert b"<html" in got.body
                assert len(got.body) == int(got.headers["content-length"])
            if "close" in got.headers.get("connection", ""):
                visitor = await here.visitor()


@pytest.mark.parametrize("kibibytes", [2, 12, 24])
async def test_pages_that_are_larger_than_a_buffer_are_told_whole(engine: str, state: Path, kibibytes: int) -> None:
    look = Look(Brand(logo=f"data:image/png;base64,{'A' * 1024 * kibibytes}"))
    async with street(engine, state, here=Street(look)) as here:
        await here.asleep(policy=Policy(page=PageMode.ALWAYS))
        visitor = await here.visitor()
        for method in ("GET", "HEAD", "GET"):
            visitor.send(request(method, "/", *BROWSER))
            got = await visitor.answer(bodiless=method == "HEAD")
            assert (got.status, got.headers["torpor-phase"]) == (503, "waking")
            assert got.headers["content-type"] == "text/html; charset=utf-8"
            assert int(got.headers["content-length"]) > 8 * 1024 + 1024 * kibibytes
            if method == "GET":
                assert len(got.body) == int(got.headers["content-length"])
                assert got.body.endswith(b"</html>")
            if "close" in got.headers.get("connection", ""):
                visitor = await here.visitor()


async def test_an_unknown_host_gets_404(engine: str, state: Path) -> None:
    async with street(engine, state) as here:
        await here.asleep()
        got = await here.get("/", "Host: nobody.localhost")
        assert got.status == 404
        assert got.headers["content-type"] == "application/problem+json"
        assert b"app" not in got.headers.get("torpor-phase", "").encode()


async def test_crawlers_are_told_at_once_and_wake_nobody(engine: str, state: Path) -> None:
    async with street(engine, state) as here:
        await here.asleep()
        got = await here.get("/", "User-Agent: Googlebot/2.1")
        assert (got.status, got.headers["torpor-phase"]) == (503, "asleep")
        assert here.knocks() == 0


async def test_an_app_that_refuses_is_knocked_at_and_the_visit_waits_whole(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        gone = nowhere()
        await here.awake(gone)
        visitor = await here.visitor()
        visitor.send(request("POST", "/x", "Content-Length: 4", "User-Agent: curl/8", body=b"body"))
        await here.until_held(1)
        down = next(message for message in here.sent if isinstance(message, Down))
        assert (down.app, down.address) == ("app", gone)
        await here.asleep()
        assert (await here.work()).held == 1
        await here.awake(app)
        assert (await visitor.answer()).status == 200
        assert [(asked.method, asked.target, asked.body) for asked in app.asked] == [("POST", "/x", b"body")]
        assert "x-forwarded-for" in app.asked[0].headers


@contextlib.contextmanager
def silence() -> Iterator[Address]:
    """An address that neither takes connections nor refuses them: who listens there has no room for any more."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield Address(*listener.getsockname())


async def test_an_app_that_takes_no_connection_in_time_is_knocked_at_and_the_visit_waits_whole(
    engine: str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from proxy.haproxy.configuration import Timeouts

    for where in ("addons.connection", "proxy.haproxy.door"):
        monkeypatch.setattr(f"{where}.CONNECT_TIMEOUT", 0.5)
    options = {"timeouts": Timeouts(connect=0.5)} if engine == "haproxy" else {}
    async with App() as app, street(engine, state, **options) as here:
        with silence() as address:
            await here.awake(address)
            visitor = await here.visitor()
            visitor.send(request("POST", "/x", "Content-Length: 4", body=b"body"))
            await here.until_held(1)
            assert any(isinstance(said, Down) and said.address == address for said in here.sent)
            await here.asleep()
        await here.awake(app)
        assert (await visitor.answer()).status == 200
        assert [(asked.target, asked.body) for asked in app.asked] == [("/x", b"body")]


async def test_what_refused_is_named_as_the_app_is_known_also_for_a_visitor_over_ipv6(engine: str, state: Path) -> None:
    if not socket.has_dualstack_ipv6():
        return  # there is no IPv6 here
    async with App() as app, street(engine, state, listen=("::1", 0)) as here:
        gone = nowhere()
        await here.awake(gone)
        visitor = await here.visitor()
        visitor.send(request("GET", "/", "User-Agent: curl/8"))
        await here.until_held(1)
        assert {message.address for message in here.sent if isinstance(message, Down)} == {gone}
        await here.awake(app)
        assert (await visitor.answer()).body == b"hello"


async def test_an_app_that_refuses_again_and_again_is_waited_for(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(nowhere())
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await here.until_held(1)
        for _ in range(5):
            await here.awake(nowhere())
        await here.awake(app)
        assert (await visitor.answer()).body == b"hello"


async def test_many_are_held_and_all_are_answered(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.asleep()
        visitors = [await here.visitor() for _ in range(200)]
        for visitor in visitors:
            visitor.send(request("GET", "/"))
        await here.until_held(200)
        await here.awake(app)
        assert {(await visitor.answer()).status for visitor in visitors} == {200}
        await here.until_in_flight(0)


async def test_a_client_that_leaves_while_held_leaves_nothing_behind(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.asleep()
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await here.until_held(1)
        await visitor.leave()
        await here.awake(app)
        await here.until_held(0)
        await here.until_in_flight(0)


async def test_a_client_that_leaves_is_noticed_at_once(engine: str, state: Path) -> None:
    async with street(engine, state) as here:
        await here.asleep()
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await here.until_held(1)
        await visitor.leave()
        await here.until_held(0)


async def test_without_the_scaler_the_last_known_address_is_tried(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        here.table.link_is(False)
        here.keeper.renewed()
        await here.engine.lanes.renew()
        assert (await here.get()).body == b"hello"
        here.table.link_is(True)
        await here.engine.lanes.renew()
        assert (await here.get()).body == b"hello"


async def test_a_draining_app_is_knocked_at_and_its_visit_waits(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        epoch = here.app(Phase.DRAINING, app)
        async with asyncio.timeout(PATIENCE):
            while not here.drained():
                await asyncio.sleep(0.005)
        assert (here.drained()[0].epoch, here.drained()[0].work.busy) == (epoch, 0)
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await here.until_held(1)
        assert here.knocks() >= 1
        await here.awake(app)
        assert (await visitor.answer()).body == b"hello"
