"""The upstream's side: connections that are refused, reused, broken off, or answer before their time."""

import asyncio

import pytest

from tests.addons.doubles import HELLO, NOWHERE, App, Asked, house, request, reset, until
from tests.wire import PATIENCE
from torpor.words import Address


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_refused_connect_goes_back_to_the_doorman_with_the_body_untouched(method: str) -> None:
    async with App() as app, house() as here:
        here.doorman.retries = 1
        visitor = await here.visitor()
        visitor.send(request(method, "/", "Content-Length: 5", body=b"hello"))
        await until(lambda: here.doorman.held)
        assert here.doorman.errors == ["connection refused"]
        assert here.doorman.in_flight == 0
        here.doorman.address = app.address
        here.doorman.wake()
        assert (await visitor.answer()).status == 200
        assert app.asked[0].body == b"hello"


async def test_a_connect_that_stays_refused_is_answered_in_the_doormans_words() -> None:
    async with house() as here:
        visitor = await here.visitor()
        got = await visitor.get()
        assert (got.status, got.body) == (502, b"refused: connection refused")
        assert (await visitor.get()).status == 502  # and an address that failed once is not given up for ever
        assert len(here.doorman.errors) == 2


async def test_one_failed_connect_does_not_poison_the_address() -> None:
    async with App() as app, house() as here:
        visitor = await here.visitor()
        assert (await visitor.get()).status == 502
        here.doorman.address = app.address
        assert (await visitor.get()).status == 200


async def test_a_kept_connection_that_the_app_has_closed_is_replaced() -> None:
    async def once(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        await writer.drain()
        writer.close()  # without saying so beforehand

    async with App(once) as app, house(app) as here:
        visitor = await here.visitor()
        for _ in range(10):
            assert (await visitor.get()).body == b"hello"
        assert here.doorman.reasons == []


async def test_a_kept_connection_that_dies_under_the_request_is_tried_once_more_on_a_fresh_one() -> None:
    async def second_dies(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked.target == "/dies" and len(app.asked) == 2:
            reset(writer)
        else:
            writer.write(HELLO)

    async with App(second_dies) as app, house(app) as here:
        visitor = await here.visitor()
        await visitor.get("/")
        assert (await visitor.get("/dies")).body == b"hello"
        assert [asked.target for asked in app.asked] == ["/", "/dies", "/dies"]
        assert len(here.doorman.forwards) == 2


async def test_a_fresh_connection_that_dies_is_not_tried_again() -> None:
    async def dies(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with App(dies) as app, house(app) as here:
        visitor = await here.visitor()
        got = await visitor.get()
        assert (got.status, got.body) == (502, b"broken: it closed the connection before it answered")
        assert len(app.asked) == 1
        here.doorman.address = NOWHERE
        assert (await visitor.get()).body == b"refused: connection refused"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"SSH-2.0-x\r\n\r\n", "not an HTTP/1.1 answer"),
        (b"\r\n\r\n", "not an HTTP/1.1 answer"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "not an HTTP/1.1 answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "in more than one way"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "in more than one way"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "cannot be read"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "transfer coding"),
        (b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", "control characters"),
        (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", "is not a header"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, "longer than 65536 bytes"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "longer than 65536 bytes"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "without being asked"),
    ],
)
async def test_what_is_no_answer_is_told_in_the_doormans_words(sent: bytes, reason: str) -> None:
    async with App(sent) as app, house(app) as here:
        visitor = await here.visitor()
        got = await visitor.get()
        assert got.status == 502
        assert reason in got.body.decode()
        assert (await visitor.get()).status == 502  # the client's connection lives on
        await until(lambda: app.open == 0)  # the upstream's does not


async def test_folded_lines_of_an_answer_become_one() -> None:
    async with App(b"HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 0\r\n\r\n") as app, house(app) as here:
        assert (await here.get()).headers["x"] == "a b"


@pytest.mark.parametrize(
    "half",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense\r\n",
    ],
)
async def test_an_answer_that_breaks_off_breaks_off_for_the_client(half: bytes) -> None:
    async def breaks(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(half)
        await writer.drain()
        if asked.target == "/close":
            writer.close()
        else:
            await asyncio.sleep(0.05)
            reset(writer)

    async with App(breaks) as app, house(app) as here:
        for target in ("/close", "/abort"):
            visitor = await here.visitor()
            visitor.send(request("GET", target))
            assert (await visitor.head()).status == 200
            assert not (await visitor.rest()).endswith(b"0\r\n\r\n")
        await until(lambda: here.doorman.in_flight == 0)


async def test_an_http_1_0_client_can_tell_too() -> None:
    async def breaks(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        await asyncio.sleep(0.05)
        writer.close()

    async with App(breaks) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(b"GET / HTTP/1.0\r\nHost: app.localhost\r\n\r\n")
        assert await visitor.is_cut()


async def test_an_answer_before_its_time_is_passed_on_while_the_body_still_comes() -> None:
    async def early(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        await writer.drain()
        asked.body = await reader.readexactly(10)

    async with App(early, read_body=False) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 10", body=b"12345"))
        assert (await visitor.answer()).body == b"hello"
        assert here.doorman.in_flight == 1
        visitor.send(b"67890")
        await until(lambda: here.doorman.in_flight == 0)
        assert app.asked[0].body == b"1234567890"
        assert visitor.reader.at_eof() is False


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_a_refused_upload_gets_its_answer_though_the_app_closes(how: str) -> None:
    async def refuse(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry")
        await writer.drain()
        if how == "close":
            writer.close()
        else:
            await asyncio.sleep(0.1)
            writer.transport.abort()  # with the rest of the body unread: a reset

    async with App(refuse, read_body=False) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("PUT", "/", "Content-Length: 20000000", body=bytes(20_000_000)))
        got = await visitor.answer()
        assert (got.status, got.body) == (413, b"sorry")


async def test_an_app_that_breaks_off_under_an_upload_is_told_of_before_the_connection_closes() -> None:
    async def dies(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(100_000)
        reset(writer)

    async with App(dies, read_body=False) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("PUT", "/", "Content-Length: 20000000", body=bytes(20_000_000)))
        got = await visitor.answer()
        assert (got.status, got.headers["connection"]) == (502, "close")
        assert await visitor.rest() == b""


async def test_an_app_that_speaks_unasked_on_a_kept_connection_loses_it() -> None:
    async with App(HELLO + b"HTTP/1.1 408 Too slow\r\nContent-Length: 0\r\n\r\n") as app, house(app) as here:
        visitor = await here.visitor()
        for _ in range(5):
            assert (await visitor.get()).body == b"hello"
        assert app.connections == 5


async def test_the_app_hears_at_once_that_the_visitor_has_left() -> None:
    left = asyncio.Event()

    async def quiet(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        left.set()

    async with App(quiet) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await until(lambda: app.asked)
        await visitor.leave()
        async with asyncio.timeout(PATIENCE):
            await left.wait()
        await here.is_empty()


async def test_a_connection_that_nobody_uses_is_closed_before_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addons.connection.UPSTREAM_IDLE", 0.1)
    async with App() as app, house(app) as here:
        visitor = await here.visitor()
        await visitor.get()
        assert app.open == 1
        await until(lambda: app.open == 0)
        assert (await visitor.get()).body == b"hello"
        assert app.connections == 2


async def test_an_address_that_cannot_be_tried_has_refused() -> None:
    async with house() as here:
        for address in (("127.0.0.1", 70_000), ("no such host\0", 80), ("", -1)):
            here.doorman.address = Address(*address)
            assert (await here.get()).body.startswith(b"refused: ")
        assert (await here.get()).status == 502
