"""How many connections an engine takes: a full one says so to those who come, and recovers."""

import asyncio
from pathlib import Path

import pytest

from tests.engines.http2 import answer, head, speak
from tests.engines.street import Street, street
from tests.wire import PATIENCE, App, Got, Visitor, request
from torpor.link import Load

ROOM = 20


async def come_in(here: Street, count: int) -> list[Visitor]:
    """Those of so many visitors who are served; each has a connection that is kept."""
    visitors = [await here.visitor() for _ in range(count)]
    return [visitor for visitor in visitors if (await visitor.get()).status == 200]


async def full(here: Street) -> list[Visitor]:
    """As many visitors as there is room for. The last places may be refused for a moment: a thread of HAProxy that
    looks whether somebody else comes counts who might."""
    visitors: list[Visitor] = []
    async with asyncio.timeout(PATIENCE):
        while len(visitors) < ROOM:
            visitors += await come_in(here, ROOM - len(visitors))
    return visitors


async def come(here: Street) -> Got:
    visitor = await here.visitor()
    visitor.send(request("GET", "/"))
    got = await visitor.answer()
    assert await visitor.rest() == b""
    return got


async def test_a_full_proxy_says_so_and_serves_those_who_are_in(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state, max_connections=ROOM) as here:
        await here.awake(app)
        inside = await full(here)
        for _ in range(30):
            got = await come(here)
            assert got.status == 503
            assert got.headers["content-type"] == "application/problem+json"
            assert int(got.headers["retry-after"]) >= 1
            assert b"Too many connections" in got.body
        for visitor in inside:
            assert (await visitor.get()).status == 200
        assert len(app.asked) == 2 * ROOM
        await here.until_in_flight(0)
        assert (await here.work()).busy == 0


async def test_a_full_proxy_recovers_as_soon_as_somebody_leaves(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state, max_connections=ROOM) as here:
        await here.awake(app)
        inside = await full(here)
        assert (await come(here)).status == 503
        await inside.pop().leave()
        async with asyncio.timeout(PATIENCE):
            while (await here.get()).status != 200:
                await asyncio.sleep(0.01)
        for visitor in inside:
            await visitor.leave()
        async with asyncio.timeout(PATIENCE):
            while (await here.get()).status != 200:
                await asyncio.sleep(0.01)
        async with asyncio.timeout(PATIENCE):
            while len(served := await come_in(here, ROOM - 2)) < ROOM - 2:
                for visitor in served:
                    await visitor.leave()
        for visitor in served:
            await visitor.leave()


async def test_many_more_than_there_is_room_for_are_all_told(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state, max_connections=ROOM) as here:
        await here.awake(app)
        inside = await full(here)
        async with asyncio.TaskGroup() as group:
            comers = [group.create_task(come(here)) for _ in range(200)]
        assert {comer.result().status for comer in comers} == {503}
        for visitor in inside:
            assert (await visitor.get()).status == 200


async def test_those_who_hold_the_last_connections_and_say_nothing_do_not_close_it_for_good(
    engine: str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from proxy.haproxy.configuration import Timeouts

    monkeypatch.setattr("addons.layers.visits.HEAD_TIMEOUT", 1.0)
    options = {"timeouts": Timeouts(head=1.0)} if engine == "haproxy" else {}
    async with App() as app, street(engine, state, max_connections=ROOM, **options) as here:
        await here.awake(app)
        silent = [await here.visitor() for _ in range(3 * ROOM)]
        async with asyncio.timeout(PATIENCE):
            while (await here.get()).status != 200:
                await asyncio.sleep(0.05)
        for visitor in silent:
            await visitor.rest()


@pytest.mark.needs("h2c")
async def test_a_full_proxy_says_so_in_http_2_as_long_as_it_is_full(engine: str, state: Path) -> None:
    """A connection in HTTP/2 stays open; a later request on it may find room."""
    async with App() as app, street(engine, state, max_connections=ROOM) as here:
        await here.awake(app)
        inside = await full(here)
        async with speak(here) as talk:
            for _ in range(2):
                headers, body = await answer(talk, talk.ask(head(), end=True))
                assert headers[":status"] == "503"
                assert b"Too many connections" in body
            for visitor in inside[:3]:
                await visitor.leave()
            async with asyncio.timeout(PATIENCE):
                while (await answer(talk, talk.ask(head(), end=True)))[1] != b"hello":
                    await asyncio.sleep(0.01)


@pytest.mark.needs("h2c")
async def test_streams_of_http_2_are_counted_too(engine: str, state: Path) -> None:
    """Each needs a descriptor of its own, and one connection may have a hundred of them."""
    go = asyncio.Event()

    async def wait(asked: object, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with App(wait) as app, street(engine, state, max_connections=ROOM) as here:
        await here.awake(app)
        async with speak(here) as talk:
            await talk.settings.wait()
            streams = [talk.ask(head(), end=True) for _ in range(2 * ROOM - 2)]
            await here.until_in_flight(2 * ROOM - 2)
            for _ in range(30):
                headers, body = await answer(talk, talk.ask(head(), end=True))
                assert headers[":status"] == "503"
                assert b"Too many connections" in body
            assert (await come(here)).status == 503
            go.set()
            for stream in streams:
                assert (await answer(talk, stream))[1] == b"ok"
            assert (await answer(talk, talk.ask(head(), end=True)))[1] == b"ok"
        assert (await here.get()).status == 200


@pytest.mark.needs("h2c")
async def test_a_connection_of_http_2_has_100_requests_under_way_and_no_more(engine: str, state: Path) -> None:
    """Also of a client that does not keep to what it was told."""
    async with App() as app, street(engine, state) as here:
        await here.asleep()
        async with speak(here) as talk:
            await talk.settings.wait()
            assert talk.h2.remote_settings.max_concurrent_streams == 100
            talk.h2.remote_settings.max_concurrent_streams = 1_000
            talk.h2.remote_settings.acknowledge()
            streams = [talk.ask(head(), end=True) for _ in range(110)]
            for stream in streams[100:]:
                with pytest.raises(ConnectionError, match="stream reset"):
                    await answer(talk, stream)
            await here.until_held(100)
            await here.awake(app)
            for stream in streams[:100]:
                assert (await answer(talk, stream))[1] == b"hello"


@pytest.mark.needs("h2c")
async def test_streams_that_are_reset_at_once_leave_nothing_behind(engine: str, state: Path) -> None:
    """Thousands of requests that nobody waits for, held and not: CVE-2023-44487 came this way."""
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        await here.asleep(name="sleeper")
        for name in ("app", "sleeper"):
            async with speak(here) as talk:
                for _ in range(20):
                    for _ in range(100):
                        stream = talk.ask(head(host=f"{name}.localhost"), end=True)
                        talk.h2.reset_stream(stream)
                    talk.flush()
                    await talk.writer.drain()
                    await asyncio.sleep(0)
            assert (await here.get()).body == b"hello"
        await here.until_held(0, "sleeper")
        await here.until_in_flight(0, "sleeper")
        await here.until_in_flight(0)


LONGEST = {"haproxy": 15 * 1024, "mitmproxy": 64 * 1024}
"""Bytes of a head."""
MOST_HEADERS = {"haproxy": 100, "mitmproxy": 1_000}


def long_head(size: int) -> tuple[str, ...]:
    """Fields that make a head of so many bytes."""
    rest = len(request("GET", "/", "X: "))
    return (f"X: {'x' * (size - rest)}",)


async def test_a_head_that_is_too_large_is_refused(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        large = {
            "a long header": long_head(LONGEST[engine] + 100),
            "a very long header": long_head(200_000),
            "many headers": tuple(f"X-{at}: {'y' * 100}" for at in range(MOST_HEADERS[engine] + 2)),
            "a long host": ("Host: " + "a" * 70_000,),
        }
        for name, fields in large.items():
            assert (await here.get("/", *fields)).status in (400, 431), name
        assert (await here.get("/" + "x" * 70_000)).status in (400, 414, 431)
        assert not app.asked


async def test_a_head_that_is_just_not_too_large_is_passed_on(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        few = tuple(f"X-{at}: y" for at in range(MOST_HEADERS[engine] - 1))
        for fields in (long_head(LONGEST[engine] - 100), few):
            assert (await here.get("/", *fields)).status == 200
            assert len(app.asked[-1].fields) > len(fields)


async def test_an_engine_says_how_full_it_is(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state, max_connections=ROOM) as here:
        await here.awake(app)
        visitors = await come_in(here, 3)
        async with asyncio.timeout(20):
            while (load := await loaded(here)) is None or load.connections != len(visitors):
                await asyncio.sleep(0.05)
        assert load.limit == ROOM
        assert load.processes == (1 if engine == "haproxy" else None)
        for visitor in visitors:
            await visitor.leave()
        async with asyncio.timeout(20):
            while (load := await loaded(here)) is None or load.connections:
                await asyncio.sleep(0.05)


async def loaded(here: Street) -> Load | None:
    """After a look, of which there is one each second."""
    await here.work()
    return here.engine.load()
