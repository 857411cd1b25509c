"""HTTP/2, gRPC, trailers, and what must not pass: by engines that can do these."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import h2.settings
import pytest

from tests.engines.street import Street, street
from tests.wire import App, Asked, request
from torpor.words import Address


class Talk:
    """One HTTP/2 connection, client or server, with its events in a queue per stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, client: bool) -> None:
        self.reader, self.writer = reader, writer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=client, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.streams: dict[int, asyncio.Queue[h2.events.Event]] = {}
        self.on_stream: Callable[[int], object] = lambda stream: None
        self.settings = asyncio.Event()
        self.flush()

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    async def run(self) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await self.reader.read(65536):
                for event in self.h2.receive_data(data):
                    if isinstance(event, h2.events.RemoteSettingsChanged):
                        self.settings.set()
                    if isinstance(event, h2.events.DataReceived):
                        self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    stream = getattr(event, "stream_id", None)
                    if stream:
                        if stream not in self.streams:
                            self.streams[stream] = asyncio.Queue()
                            self.on_stream(stream)
                        self.streams[stream].put_nowait(event)
                self.flush()
        for queue in self.streams.values():
            queue.put_nowait(h2.events.ConnectionTerminated())

    def ask(self, headers: list[tuple[str, str]], *, end: bool = False) -> int:
        stream = self.h2.get_next_available_stream_id()
        self.streams[stream] = asyncio.Queue()
        self.h2.send_headers(stream, headers, end_stream=end)
        self.flush()
        return stream

    def say(self, stream: int, data: bytes = b"", *, end: bool = False) -> None:
        self.h2.send_data(stream, data, end_stream=end)
        self.flush()

    async def hear(self, stream: int, kind: type[h2.events.Event]) -> h2.events.Event:
        """The next event of this kind on this stream."""
        async with asyncio.timeout(20):
            while True:
                event = await self.streams[stream].get()
                if isinstance(event, h2.events.StreamReset):
                    raise ConnectionError(f"stream reset: {event.error_code}")
                if isinstance(event, h2.events.ConnectionTerminated):
                    raise ConnectionError("the connection has ended")
                if isinstance(event, kind):
                    return event


@contextlib.asynccontextmanager
async def speak(here: Street) -> AsyncIterator[Talk]:
    """A client that speaks HTTP/2 from the first byte."""
    reader, writer = await asyncio.open_connection(*here.engine.addresses[0])
    talk = Talk(reader, writer, client=True)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(talk.run())
        try:
            yield talk
        finally:
            running.cancel()
            writer.close()


def head(
    method: str = "GET", path: str = "/", host: str = "app.localhost", *more: tuple[str, str]
) -> list[tuple[str, str]]:
    return [(":method", method), (":path", path), (":authority", host), (":scheme", "http"), *more]


async def answer(talk: Talk, stream: int) -> tuple[dict[str, str], bytes]:
    heard = await talk.hear(stream, h2.events.ResponseReceived)
    assert isinstance(heard, h2.events.ResponseReceived)
    body = b""
    async with asyncio.timeout(20):
        while not isinstance(event := await talk.streams[stream].get(), h2.events.StreamEnded):
            if isinstance(event, h2.events.DataReceived):
                body += event.data
    return {str(name): str(value) for name, value in heard.headers}, body


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
async def test_grpc_streams_both_ways_with_its_trailers(engine: str, state: Path, asleep: bool) -> None:
    async with grpc_app() as app, street(engine, state) as here:
        await (here.asleep() if asleep else here.awake(app))
        async with speak(here) as talk:
            stream = talk.ask(
                head("POST", "/s/m", "app.localhost", ("content-type", "application/grpc"), ("te", "trailers"))
            )
            if asleep:
                await here.until_held(1)
                await here.awake(app)
            await talk.hear(stream, h2.events.ResponseReceived)
            for word in (b"one", b"two"):
                talk.say(stream, word)
                heard = await talk.hear(stream, h2.events.DataReceived)
                assert isinstance(heard, h2.events.DataReceived)
                assert heard.data == b"echo " + word
            assert (await here.work()).in_flight == 1
            talk.say(stream, end=True)
            trailers = await talk.hear(stream, h2.events.TrailersReceived)
            assert isinstance(trailers, h2.events.TrailersReceived)
            assert dict(trailers.headers)["grpc-status"] == "0"


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


@pytest.mark.needs("h2c")
async def test_a_websocket_over_http_2(engine: str, state: Path) -> None:
    async def echo(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        import base64
        import hashlib

        key = asked.headers["sec-websocket-key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key, usedforsecurity=False).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
        writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        while data := await reader.read(100):
            writer.write(b"echo " + data)
        writer.close()

    async with App(echo) as app, street(engine, state) as here:
        await here.awake(app)
        async with speak(here) as talk:
            await talk.settings.wait()
            fields = head("CONNECT", "/", "app.localhost", (":protocol", "websocket"), ("sec-websocket-version", "13"))
            stream = talk.ask(fields)
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


SMUGGLED = [
    b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    b"POST / HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody1",
    b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: +4\r\n\r\nbody",
    b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 4, 5\r\n\r\nbody1",
    b"GET / HTTP/1.1\r\nHost: app.localhost\r\nHost: other.localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: app.localhost\r\n X: folded\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: app.localhost\r\nX: a\x00b\r\n\r\n",
    b'GET / HTTP/1.1\r\nHost: app.localhost:80";for=6.6.6.6\r\n\r\n',
    b"GET / HTTP/1.1\r\nHost: app.localhost/docs\r\n\r\n",
]


@pytest.mark.parametrize("sent", SMUGGLED)
async def test_what_two_servers_could_read_in_two_ways_is_read_in_one(engine: str, state: Path, sent: bytes) -> None:
    """Refused, or passed on so that the app sees exactly one request with the framing that the engine acted upon."""
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(sent)
        got = await visitor.head()
        if got.status == 200:
            assert "content-length" not in app.asked[0].headers or "transfer-encoding" not in app.asked[0].headers
            assert app.asked[0].body == b""
            assert len(app.asked) == 1
            assert "6.6.6.6" not in str(app.asked[0].fields)
        else:
            assert got.status in (400, 404, 501)
            assert not app.asked


@pytest.mark.needs("h2c")
@pytest.mark.parametrize(
    "fields",
    [
        [("transfer-encoding", "chunked")],
        [("content-length", "0")],
        [("x", "a\r\nTransfer-Encoding: chunked")],
        [("connection", "upgrade"), ("upgrade", "h2c")],
        [("x\r\ny", "z")],
    ],
)
async def test_a_downgrade_from_http_2_carries_no_framing(
    engine: str, state: Path, fields: list[tuple[str, str]]
) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        async with speak(here) as talk:
            talk.h2.config.validate_outbound_headers = False
            talk.h2.config.normalize_outbound_headers = False
            stream = talk.ask(head("POST", "/", "app.localhost", *fields))
            talk.say(stream, b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", end=True)
            with contextlib.suppress(ConnectionError):
                headers, _ = await answer(talk, stream)
                assert headers[":status"] in ("200", "400")
        assert all(asked.target != "/smuggled" for asked in app.asked)
        assert all("upgrade" not in asked.headers for asked in app.asked)


async def test_a_slow_head_ends(state: Path) -> None:
    from proxy.haproxy.configuration import Timeouts

    async with street("haproxy", state, timeouts=Timeouts(head=0.3)) as here:
        await here.asleep()
        visitor = await here.visitor()
        visitor.send(b"GET / HTTP/1.1\r\nHost: app")
        got = await visitor.answer()
        assert got.status == 408
        assert "haproxy" not in (got.head + got.body).decode().lower()
        assert await visitor.rest() == b""


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


async def test_a_full_proxy_recovers(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state, max_connections=20) as here:
        await here.awake(app)
        idle = [await here.visitor() for _ in range(20)]
        for visitor in idle:
            assert (await visitor.get()).status == 200
        late = await here.visitor()
        late.send(request("GET", "/"))
        if engine == "haproxy":
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await late.reader.readexactly(1)
            await idle[0].leave()
            assert (await late.answer()).status == 200
        else:
            assert (await late.answer()).status == 503
            await idle[0].leave()
            assert (await here.get()).status == 200
