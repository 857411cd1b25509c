"""HTTP/2, gRPC, trailers: by engines that can do these."""

import asyncio
import base64
import contextlib
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import h2.events
import pytest

from tests.engines.http2 import Talk, answer, head, speak
from tests.engines.street import street
from tests.wire import App, Asked, request
from torpor.words import Address


@contextlib.asynccontextmanager
async def grpc_app() -> AsyncIterator[Address]:
    """Answers each message of a stream at once, and ends with trailers, over HTTP/2 without TLS."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = Talk(reader, writer, client=False)
        async with asyncio.TaskGroup() as group:
            talk.on_stream = lambda stream: group.create_task(echo(talk, stream))
            with contextlib.suppress(Exception):
                await talk.run()
        writer.close()

    async def echo(talk: Talk, stream: int) -> None:
        await asyncio.sleep(0)
        talk.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        talk.flush()
        while not isinstance(event := await talk.streams[stream].get(), h2.events.StreamEnded):
            if isinstance(event, h2.events.DataReceived):
                talk.say(stream, b"echo " + event.data)
        talk.h2.send_headers(stream, [("grpc-status", "0"), ("grpc-message", "fine")], end_stream=True)
        talk.flush()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Address(*server.sockets[0].getsockname()[:2])
    finally:
        server.close()
        server.close_clients()
        await server.wait_closed()


@pytest.mark.needs("h2c")
async def test_http_2_with_prior_knowledge_reaches_an_http_1_app(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        async with speak(here) as talk:
            streams = [talk.ask(head(path=f"/{count}"), end=True) for count in range(10)]
            for stream in streams:
                headers, body = await answer(talk, stream)
                assert (headers[":status"], body) == ("200", b"hello")
        assert {asked.headers["host"] for asked in app.asked} == {"app.localhost"}
        assert {asked.headers["x-forwarded-for"] for asked in app.asked} == {"127.0.0.1"}


@pytest.mark.needs("h2c")
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_the_doormans_answers_in_http_2(engine: str, state: Path, method: str) -> None:
    async with street(engine, state) as here:
        await here.asleep()
        async with speak(here) as talk:
            for _ in range(2):
                fields = head(method, "/", "app.localhost", ("user-agent", "Googlebot/2.1"))
                stream = talk.ask(fields, end=method != "POST")
                if method == "POST":
                    talk.say(stream, b"body", end=True)
                headers, body = await answer(talk, stream)
                assert (headers[":status"], headers["torpor-phase"]) == ("503", "asleep")
                assert bool(body) == (method != "HEAD")


@pytest.mark.needs("h2c")
async def test_one_streams_wait_does_not_hold_the_others(engine: str, state: Path) -> None:
    async with App() as app, App() as other, street(engine, state) as here:
        await here.asleep()
        await here.awake(other, name="other")
        async with speak(here) as talk:
            held = talk.ask(head("POST"))
            talk.say(held, b"body")
            await here.until_held(1)
            free = talk.ask(head(host="other.localhost"), end=True)
            assert (await answer(talk, free))[1] == b"hello"
            await here.awake(app)
            talk.say(held, b"more", end=True)
            headers, body = await answer(talk, held)
            assert body == b"hello"
            assert headers["server-timing"].startswith("torpor;dur=")
        assert app.asked[0].body == b"bodymore"


@pytest.mark.needs("gRPC")
@pytest.mark.parametrize("asleep", [False, True])
@pytest.mark.parametrize("words", [1, 3], ids=["unary", "bidirectional"])
async def test_grpc_with_its_trailers_also_on_the_first_visit(
    engine: str, state: Path, asleep: bool, words: int
) -> None:
    async with grpc_app() as app, street(engine, state) as here:
        await (here.asleep() if asleep else here.awake(app))
        async with speak(here) as talk:
            stream = talk.ask(
                head("POST", "/s/m", "app.localhost", ("content-type", "application/grpc"), ("te", "trailers"))
            )
            if words == 1:
                talk.say(stream, b"word 0", end=True)
            if asleep:
                await here.until_held(1)
                await here.awake(app)
            await talk.hear(stream, h2.events.ResponseReceived)
            for number in range(words):
                if words > 1:
                    assert (await here.work()).in_flight == 1
                    talk.say(stream, b"word %d" % number, end=number == words - 1)
                heard = await talk.hear(stream, h2.events.DataReceived)
                assert isinstance(heard, h2.events.DataReceived)
                assert heard.data == b"echo word %d" % number
            trailers = await talk.hear(stream, h2.events.TrailersReceived)
            assert isinstance(trailers, h2.events.TrailersReceived)
            assert dict(trailers.headers)["grpc-status"] == "0"
        await here.until_in_flight(0)


@pytest.mark.needs("gRPC")
async def test_grpc_to_an_app_that_speaks_none_fails_and_ends(engine: str, state: Path) -> None:
    async def close(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with App(close) as app, street(engine, state) as here:
        await here.awake(app)
        async with speak(here) as talk:
            stream = talk.ask(head("POST", "/s/m", "app.localhost", ("content-type", "application/grpc")))
            talk.say(stream, b"word", end=True)
            headers, _ = await answer(talk, stream)
            assert headers[":status"] == "502"


@pytest.mark.needs("trailers")
async def test_trailers_pass(engine: str, state: Path) -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"
    async with App(chunks) as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("GET", "/", "TE: trailers"))
        await visitor.head()
        assert await visitor.reader.readuntil(b"\r\n\r\n") == b"3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n"


async def upgraded(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An app that agrees to a WebSocket, and then echoes bytes; what frames are is not looked at."""
    key = asked.headers["sec-websocket-key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key, usedforsecurity=False).digest())
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
    writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    while data := await reader.read(100):
        writer.write(b"echo " + data)
    writer.close()


KEY = "dGhlIHNhbXBsZSBub25jZQ=="
WEBSOCKET = head("CONNECT", "/", "app.localhost", (":protocol", "websocket"), ("sec-websocket-version", "13"))
"""RFC 8441: an extended CONNECT, which reaches the app as the upgrade of HTTP/1.1."""


@pytest.mark.needs("h2c")
@pytest.mark.parametrize("asleep", [False, True])
async def test_a_websocket_over_http_2(engine: str, state: Path, asleep: bool) -> None:
    async with App(upgraded) as app, street(engine, state) as here:
        await (here.asleep() if asleep else here.awake(app))
        async with speak(here) as talk:
            await talk.settings.wait()
            stream = talk.ask(WEBSOCKET)
            if asleep:
                await here.until_held(1)
                await here.awake(app)
            heard = await talk.hear(stream, h2.events.ResponseReceived)
            assert isinstance(heard, h2.events.ResponseReceived)
            assert dict(heard.headers)[":status"] == "200"
            talk.say(stream, b"hi")
            data = await talk.hear(stream, h2.events.DataReceived)
            assert isinstance(data, h2.events.DataReceived)
            assert data.data == b"echo hi"
            assert (await here.work()).in_flight == 1
            talk.say(stream, end=True)
        await here.until_in_flight(0)


async def test_a_quiet_websocket_lives(state: Path) -> None:
    """Over HTTP/1.1 and over HTTP/2: longer than a client may take nothing, or be idle, or be late with a head."""
    from proxy.haproxy.configuration import Timeouts

    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}")
    timeouts = Timeouts(head=2.0, body=2.0, idle=2.0, client=2.0, fin=2.0)
    async with App(upgraded) as app, street("haproxy", state, timeouts=timeouts) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("GET", "/", *upgrade))
        async with speak(here) as talk:
            await talk.settings.wait()
            stream = talk.ask(WEBSOCKET)
            await talk.hear(stream, h2.events.ResponseReceived)
            assert (await visitor.answer()).status == 101
            await asyncio.sleep(5.0)
            talk.say(stream, b"hi")
            data = await talk.hear(stream, h2.events.DataReceived)
            assert isinstance(data, h2.events.DataReceived)
            assert data.data == b"echo hi"
            visitor.send(b"hi")
            assert await visitor.reader.readexactly(7) == b"echo hi"
            talk.say(stream, end=True)


async def test_a_quiet_stream_lives_and_so_does_a_visit_that_is_held_for_long(state: Path) -> None:
    from proxy.haproxy.configuration import Timeouts

    async def quiet(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(1.2)
        writer.write(b"2\r\nok\r\n0\r\n\r\n")

    async with App(quiet) as app, street("haproxy", state, timeouts=Timeouts(client=0.4)) as here:
        await here.awake(app)
        assert (await here.get()).body == b"ok"
        await here.asleep()
        held = await here.visitor()
        held.send(request("GET", "/"))
        await here.until_held(1)
        await asyncio.sleep(1.0)
        await here.awake(app)
        assert (await held.answer()).body == b"ok"
