"""Clients that take their time, so that others get none: each state that a client can hold open has an end."""

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from tests.engines.http2 import answer, head, speak
from tests.engines.street import street
from tests.wire import App, Asked, request

NEVER = 1000.0


class Impatience:
    """Lets an engine wait for its clients for a short time only."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def options(
        self, engine: str, *, head: float = NEVER, body: float = NEVER, idle: float = NEVER, client: float = NEVER
    ) -> dict[str, object]:
        """Seconds, as `proxy.haproxy.configuration.Timeouts` explains them."""
        if engine == "haproxy":
            from proxy.haproxy.configuration import Timeouts

            return {"timeouts": Timeouts(head=head, body=body, idle=idle, client=client)}
        for name, seconds in (("HEAD_TIMEOUT", head), ("BODY_TIMEOUT", body), ("IDLE_TIMEOUT", idle)):
            self._monkeypatch.setattr(f"addons.layers.visits.{name}", seconds)
        self._monkeypatch.setattr("addons.client.STUCK", client)
        return {}


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> Impatience:
    return Impatience(monkeypatch)


async def test_a_client_that_says_nothing_is_cut_off(engine: str, state: Path, impatience: Impatience) -> None:
    async with street(engine, state, **impatience.options(engine, head=0.5)) as here:
        assert await (await here.visitor()).rest() == b""


@pytest.mark.parametrize("sent", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: app.localhost\r\nX: "])
async def test_a_head_that_does_not_end_is_refused(
    engine: str, state: Path, impatience: Impatience, sent: bytes
) -> None:
    async with App() as app, street(engine, state, **impatience.options(engine, head=0.5)) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(sent)
        got = await visitor.answer()
        assert got.status == 408
        assert "haproxy" not in (got.head + got.body).decode().lower()
        assert await visitor.rest() == b""


async def test_a_head_that_comes_byte_by_byte_is_refused(engine: str, state: Path, impatience: Impatience) -> None:
    """The time is for the whole head: each byte alone earns nothing."""
    async with App() as app, street(engine, state, **impatience.options(engine, head=1.0)) as here:
        await here.awake(app)
        began = time.monotonic()
        visitor = await here.visitor()

        async def drip() -> None:
            visitor.send(b"GET / HTTP/1.1\r\nX: ")
            while True:
                visitor.send(b"x")
                await asyncio.sleep(0.05)

        async with asyncio.TaskGroup() as group:
            dripping = group.create_task(drip())
            assert (await visitor.answer()).status == 408
            dripping.cancel()
        assert time.monotonic() - began >= 0.9
        assert not app.asked


async def test_the_next_head_on_a_connection_has_its_time_too(engine: str, state: Path, impatience: Impatience) -> None:
    async with App() as app, street(engine, state, **impatience.options(engine, head=0.5)) as here:
        await here.awake(app)
        visitor = await here.visitor()
        assert (await visitor.get()).status == 200
        visitor.send(b"GET / HTTP/1.1\r\n")
        assert (await visitor.answer()).status == 408


async def test_a_connection_that_asks_nothing_more_is_closed(engine: str, state: Path, impatience: Impatience) -> None:
    async with App() as app, street(engine, state, **impatience.options(engine, idle=0.5)) as here:
        await here.awake(app)
        visitor = await here.visitor()
        assert (await visitor.get()).status == 200
        assert await visitor.rest() == b""


async def read_all(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An app that wants the whole body before it answers."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        await reader.readexactly(int(asked.headers.get("content-length", 10)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@pytest.mark.parametrize("fields", [("Content-Length: 10",), ("Transfer-Encoding: chunked",)])
@pytest.mark.parametrize("body", [b"", b"5\r\nab"])
async def test_a_body_that_stalls_is_ended(
    engine: str, state: Path, impatience: Impatience, fields: tuple[str, ...], body: bytes
) -> None:
    async with (
        App(read_all, read_body=False) as app,
        street(engine, state, **impatience.options(engine, body=1.0)) as here,
    ):
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("POST", "/", *fields, body=body))
        await here.until_in_flight(1)
        assert (await visitor.rest())[:12] in (b"HTTP/1.1 408", b"")
        await here.until_in_flight(0)


async def test_a_body_that_stalls_while_it_is_held_is_ended_when_its_app_is_awake(
    engine: str, state: Path, impatience: Impatience
) -> None:
    async with (
        App(read_all, read_body=False) as app,
        street(engine, state, **impatience.options(engine, body=1.0)) as here,
    ):
        await here.asleep()
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 10", body=b"abc"))
        await here.until_held(1)
        await here.awake(app)
        assert (await visitor.rest())[:12] in (b"HTTP/1.1 408", b"")
        await here.until_in_flight(0)


@pytest.mark.parametrize(("piece", "count", "arrives"), [(b"x", 60, False), (b"x" * 1500, 20, True)])
async def test_a_body_may_come_slowly_but_not_by_the_byte(
    engine: str, state: Path, impatience: Impatience, piece: bytes, count: int, arrives: bool
) -> None:
    async with (
        App(read_all, read_body=False) as app,
        street(engine, state, **impatience.options(engine, body=3.0)) as here,
    ):
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("POST", "/", f"Content-Length: {count * len(piece)}"))

        async def drip() -> None:
            for _ in range(count):
                await asyncio.sleep(0.4)
                visitor.send(piece)

        async with asyncio.TaskGroup() as group:
            dripping = group.create_task(drip())
            got = (await visitor.answer()).body if arrives else await visitor.rest()
            dripping.cancel()
        assert (got[-2:] == b"ok") == arrives


async def test_an_app_may_think_for_long_about_a_body_that_is_there(
    engine: str, state: Path, impatience: Impatience
) -> None:
    async def think(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3.5)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with App(think) as app, street(engine, state, **impatience.options(engine, body=0.5, client=1.0)) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 4", body=b"body"))
        assert (await visitor.answer()).body == b"ok"


async def test_an_app_that_takes_nothing_of_a_body_is_not_its_visitors_fault(
    engine: str, state: Path, impatience: Impatience
) -> None:
    size = 20_000_000

    async def wait(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3.5)
        await reader.readexactly(size)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with App(wait, read_body=False) as app, street(engine, state, **impatience.options(engine, body=1.0)) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("POST", "/", f"Content-Length: {size}", body=b"x" * size))
        assert (await visitor.answer()).body == b"ok"


async def test_a_stream_both_ways_may_be_quiet(engine: str, state: Path, impatience: Impatience) -> None:
    """Its app has begun to answer: who waits for whom is theirs to know."""

    async def converse(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        writer.write(await reader.readexactly(4))

    async with (
        App(converse, read_body=False) as app,
        street(engine, state, **impatience.options(engine, body=1.5)) as here,
    ):
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 4"))
        assert (await visitor.head()).status == 200
        await asyncio.sleep(5.0)
        visitor.send(b"late")
        assert await visitor.reader.readexactly(4) == b"late"


@pytest.mark.needs("h2c")
async def test_a_body_over_http_2_that_stalls_is_ended_and_the_other_streams_live(
    engine: str, state: Path, impatience: Impatience
) -> None:
    async with App() as app, street(engine, state, **impatience.options(engine, body=1.0)) as here:
        await here.awake(app)
        async with speak(here) as talk:
            stalled = talk.ask(head("POST"))
            talk.say(stalled, b"x")
            await here.until_in_flight(1)
            with pytest.raises(ConnectionError):
                await answer(talk, stalled)
            await here.until_in_flight(0)
            assert (await answer(talk, talk.ask(head(), end=True)))[1] == b"hello"


@pytest.mark.needs("h2c")
@pytest.mark.parametrize("sent", [
    b"PRI * HTTP/2.0\r\n\r\nSM",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\1\1\0\0\0\0\1\x82",
], ids=["half a preface", "preface", "settings", "half a head"])  # fmt: skip
async def test_a_connection_in_http_2_that_asks_nothing_is_closed(
    engine: str, state: Path, impatience: Impatience, sent: bytes
) -> None:
    options = impatience.options(engine, head=0.5, idle=0.5, client=0.5)
    async with App() as app, street(engine, state, **options) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(sent)
        await visitor.rest()
        assert not app.asked


async def test_a_client_that_takes_nothing_of_its_answer_is_cut_off(
    engine: str, state: Path, impatience: Impatience
) -> None:
    async def pour(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x" * 100_000)
                await writer.drain()

    async with App(pour) as app, street(engine, state, **impatience.options(engine, client=3.0)) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await visitor.reader.readexactly(10)
        visitor.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await here.until_in_flight(1)
        await here.until_in_flight(0)


async def test_a_client_that_takes_its_answer_slowly_gets_it_all(
    engine: str, state: Path, impatience: Impatience
) -> None:
    size = 6_000_000
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    async with App(whole) as app, street(engine, state, **impatience.options(engine, client=1.5)) as here:
        await here.awake(app)
        reader, writer = await asyncio.open_connection(*here.engine.addresses[0], limit=64 * 1024)
        writer.write(request("GET", "/"))
        await reader.readuntil(b"\r\n\r\n")
        taken = 0
        while taken < size:
            taken += len(await reader.read(1_000_000))
            if taken < size // 2:
                await asyncio.sleep(0.05)
        writer.close()
        assert taken == size
