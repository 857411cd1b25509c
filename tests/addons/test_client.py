"""The client's side: what it sends is bounded, that it leaves is noticed, and what it is told arrives."""

import asyncio
import socket

import pytest

from proxy.visit import Answer
from tests.addons.doubles import HELLO, App, Asked, house, request, until

BAD = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    "an absolute target": (b"GET http://app.localhost/ HTTP/1.1\r\nHost: app.localhost\r\n\r\n", 400),
    "connect": (b"CONNECT app.localhost:80 HTTP/1.1\r\nHost: app.localhost\r\n\r\n", 405),
    "trace": (b"TRACE / HTTP/1.1\r\nHost: app.localhost\r\n\r\n", 405),
    "an asterisk": (b"OPTIONS * HTTP/1.1\r\nHost: app.localhost\r\n\r\n", 400),
    "http 2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "a huge head": (b"GET / HTTP/1.1\r\nHost: app.localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", 431),
    "a head without an end": (b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000, 431),
    "no http": (bytes(range(256)), 400),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "a length and chunks": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
}


@pytest.mark.parametrize(("sent", "status"), BAD.values(), ids=BAD)
async def test_what_is_no_request_is_refused_as_problem_json_and_closed(sent: bytes, status: int) -> None:
    async with house() as here:
        visitor = await here.visitor()
        visitor.send(sent)
        got = await visitor.answer()
        assert (got.status, got.headers["content-type"]) == (status, "application/problem+json")
        assert got.headers["connection"] == "close"
        assert ("allow" in got.headers) == (status == 405)
        assert await visitor.rest() == b""
        assert here.doorman.visits == []
        assert len(here.doorman.refused) == 1


async def test_what_is_refused_in_a_pipeline_comes_after_the_answers_before_it() -> None:
    async with App() as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("GET", "/") * 2 + b"nonsense\r\n\r\n" + request("GET", "/"))
        assert [(await visitor.answer()).status for _ in range(3)] == [200, 200, 400]
        assert await visitor.rest() == b""


@pytest.mark.parametrize("asleep", [False, True])
async def test_trailers_of_a_request_are_refused_and_both_connections_closed(asleep: bool) -> None:
    async with App(read_body=False) as app, house(app) as here:
        here.doorman.asleep = asleep
        app._handler = _waits
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Transfer-Encoding: chunked", body=b"2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n"))
        await until(lambda: here.doorman.held or app.asked or here.doorman.refused)
        here.doorman.wake()
        got = await visitor.answer()
        assert (got.status, got.body) == (400, b'{"detail": "Requests with trailers are not served here."}')
        assert await visitor.rest() == b""
        await until(lambda: app.open == 0)


async def _waits(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize("chunk", [b"nonsense\r\n\r\n", b"-1\r\n", b"2\r\nhello\r\n", b"1;" + b"x" * 100_000])
async def test_chunks_that_are_none_are_refused(chunk: bytes) -> None:
    async with App(_waits, read_body=False) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Transfer-Encoding: chunked", body=chunk))
        assert (await visitor.answer()).status == 400
        assert await visitor.rest() == b""


async def test_a_refused_upload_reads_why_before_the_connection_closes() -> None:
    async with house() as here:
        here.doorman.answers["/"] = Answer(503, [], b"asleep")
        visitor = await here.visitor()
        visitor.send(request("PUT", "/", "Content-Length: 20000000", body=bytes(20_000_000)))
        got = await visitor.answer()
        assert (got.status, got.body, got.headers["connection"]) == (503, b"asleep", "close")
        assert await visitor.rest() == b""
        assert here.doorman.in_flight == 0


async def test_a_client_that_leaves_while_held_is_noticed_at_once() -> None:
    async with house() as here:
        here.doorman.asleep = True
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await until(lambda: here.doorman.held)
        await visitor.leave()
        await until(lambda: here.doorman.left == 1)
        assert here.doorman.held == 0
        assert not len(here.engine.listener)


async def test_a_client_that_leaves_in_the_middle_of_a_held_upload_is_noticed() -> None:
    async with house() as here:
        here.doorman.asleep = True
        visitor = await here.visitor()
        visitor.send(request("PUT", "/", "Content-Length: 100000000", body=bytes(20_000_000)))
        await until(lambda: here.doorman.held)
        visitor.reset()
        await until(lambda: here.doorman.left == 1)


async def test_a_client_that_leaves_while_its_visit_is_tried_again_is_noticed() -> None:
    async with house() as here:
        here.doorman.retries = 1
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await until(lambda: here.doorman.held)
        await visitor.leave()
        await until(lambda: here.doorman.left == 1)


@pytest.mark.parametrize("asleep", [False, True])
async def test_an_http_1_0_client_may_close_its_sending_side(asleep: bool) -> None:
    async with App(_slow) as app, house(app) as here:
        here.doorman.asleep = asleep
        visitor = await here.visitor()
        visitor.send(b"GET / HTTP/1.0\r\nHost: app.localhost\r\n\r\n")
        visitor.writer.write_eof()
        await until(lambda: here.doorman.held or app.asked)
        here.doorman.wake()
        assert (await visitor.rest()).endswith(b"hello")


async def test_a_client_that_has_asked_to_close_may_close_its_sending_side() -> None:
    async with App(_slow) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("GET", "/", "Connection: close"))
        visitor.writer.write_eof()
        assert (await visitor.rest()).endswith(b"hello")


async def _slow(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.05)
    writer.write(HELLO)


async def test_a_held_upload_waits_in_the_kernel_and_not_in_memory() -> None:
    async with App() as app, house(app) as here:
        here.doorman.asleep = True
        visitor = await here.visitor()
        body = bytes(range(256)) * 100_000
        visitor.send(request("PUT", "/", f"Content-Length: {len(body)}", body=body))
        await until(lambda: here.doorman.held)
        [client] = here.engine.listener._connections
        await until(lambda: not client._reading)
        assert client._owner is not None
        waiting = client._owner._layer.backlog
        assert 64 * 1024 < waiting <= 128 * 1024
        await asyncio.sleep(0.1)
        assert client._owner._layer.backlog == waiting
        here.doorman.wake()
        assert (await visitor.answer()).status == 200
        assert app.asked[0].body == body


async def test_an_upload_is_not_read_faster_than_the_app_takes_it() -> None:
    go = asyncio.Event()

    async def late(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        asked.body = await reader.readexactly(int(asked.headers["content-length"]))
        writer.write(HELLO)

    async with App(late, read_body=False) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("PUT", "/", "Content-Length: 50000000", body=bytes(50_000_000)))
        await until(lambda: len(here.engine.listener) == 1)
        [client] = here.engine.listener._connections
        owner = client._owner
        assert owner is not None
        # Until the app has been connected to, it is the backlog that stops the reading.
        await until(lambda: not client._reading and any(upstream.full for upstream in owner._upstreams.values()))
        assert owner._layer.backlog <= 64 * 1024
        [upstream] = owner._upstreams.values()
        assert upstream._transport.get_write_buffer_size() < 1_000_000
        go.set()
        assert (await visitor.answer()).status == 200


async def test_an_answer_is_not_read_faster_than_the_client_takes_it() -> None:
    sent = 0

    async def much(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1000):
            writer.write(bytes(100_000))
            await writer.drain()
            sent += 1

    async with App(much) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.writer.transport.pause_reading()  # type: ignore[attr-defined]
        visitor.send(request("GET", "/"))
        await until(lambda: len(here.engine.listener) == 1)
        [client] = here.engine.listener._connections
        await until(lambda: client.full)
        assert client._transport.get_write_buffer_size() < 1_000_000
        assert sent < 1000
        visitor.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert len((await visitor.answer()).body) == 100_000_000


async def test_pipelined_requests_are_not_read_faster_than_their_answers_are_taken() -> None:
    async with house() as here:
        here.doorman.answers["/"] = Answer(503, [], bytes(100_000))
        visitor = await here.visitor()
        visitor.writer.transport.pause_reading()  # type: ignore[attr-defined]
        visitor.send(request("GET", "/") * 20_000)
        await until(lambda: len(here.engine.listener) == 1)
        [client] = here.engine.listener._connections
        await until(lambda: client.full and not client._reading)
        assert client._transport.get_write_buffer_size() < 1_000_000
        assert len(here.doorman.visits) < 1000
        visitor.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(1000):
            assert (await visitor.answer()).status == 503


async def test_a_client_too_many_is_told_so() -> None:
    async with App() as app, house(app, max_connections=2) as here:
        first, second = await here.visitor(), await here.visitor()
        assert (await first.get()).status == (await second.get()).status == 200
        third = await here.visitor()
        got = await third.answer()
        assert (got.status, got.headers["connection"]) == (503, "close")
        assert await third.rest() == b""
        assert here.engine.listener.turned_away == 1
        await first.leave()
        await until(lambda: len(here.engine.listener) == 1)
        assert (await here.get()).status == 200


async def test_the_kernel_asks_after_silent_clients() -> None:
    async with house() as here:
        visitor = await here.visitor()
        await until(lambda: len(here.engine.listener) == 1)
        [client] = here.engine.listener._connections
        sock = client._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
        await visitor.leave()
