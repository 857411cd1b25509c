"""Nothing is left behind an upgrade that failed, nor behind an answer that says more than it was asked for."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.engines.street import street
from tests.engines.strict import StrictApp
from tests.wire import App, Asked, request

FAILED_UPGRADES = {
    "426": b"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n",
    "400": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "200": b"HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
}
WEBSOCKET = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 777",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@pytest.mark.parametrize("answered", FAILED_UPGRADES)
async def test_after_a_failed_upgrade_no_tunnel_is_left(engine: str, state: Path, answered: str) -> None:
    """What was sent right behind it is a visit like any other: with our headers, to the app that its Host names."""
    async with App(FAILED_UPGRADES[answered]) as app, StrictApp("other") as other, street(engine, state) as here:
        await here.awake(app)
        await here.awake(other, name="other")
        visitor = await here.visitor()
        behind = request("GET", "/behind", "Host: other.localhost", "X-Forwarded-For: 6.6.6.6")
        visitor.send(request("GET", "/", *WEBSOCKET) + behind)
        assert (await visitor.answer()).status == int(answered)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            assert (await visitor.answer()).body == b"other /behind"
        assert [asked.target for asked in app.asked] == ["/"]
        assert not other.doubts


@pytest.mark.parametrize("asked_for", [(), ("Connection: close",), ("Upgrade: websocket",), ("Connection: Upgrade",)])
async def test_an_app_opens_no_tunnel_that_nobody_asked_for(
    engine: str, state: Path, asked_for: tuple[str, ...]
) -> None:
    got_through = bytearray()

    async def switch(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            got_through.extend(await reader.read())
        writer.close()

    async with App(switch) as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("GET", "/", *asked_for) + b"THROUGH")
        got = await visitor.answer()
        assert got.status == 502
        await visitor.leave()
        assert b"THROUGH" not in got_through


@pytest.mark.parametrize("connection", ["Upgrade", "Upgrade, HTTP2-Settings", "keep-alive, Upgrade"])
@pytest.mark.parametrize("protocol", ["h2c", "H2C", "x, h2c", "h2c, x", "h2"])
async def test_an_app_is_never_asked_to_switch_to_http_2(
    engine: str, state: Path, connection: str, protocol: str
) -> None:
    """Behind such a switch more requests would pass that nobody looks at."""
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        got = await here.get("/", f"Connection: {connection}", f"Upgrade: {protocol}", "HTTP2-Settings: AAMAAABk")
        assert got.status == 200
        assert not {"upgrade", "connection", "http2-settings"} & app.asked[0].headers.keys()


BEHIND = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nSet-Cookie: evil\r\n\r\npoison"
ODD_ANSWERS = {
    "two at once": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + BEHIND,
    "a body after none": b"HTTP/1.1 204 No Content\r\n\r\n" + BEHIND,
    "a body after not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: %d\r\n\r\n" % len(BEHIND) + BEHIND,
    "more than its length": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + BEHIND,
    "more than its chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + BEHIND,
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok" + BEHIND,
    "a length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + BEHIND,
    "a coding that is none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + BEHIND,
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok" + BEHIND,
}


@pytest.mark.parametrize("name", ODD_ANSWERS)
async def test_what_an_app_sends_beyond_its_answer_is_nobody_elses(engine: str, state: Path, name: str) -> None:
    """The first answer to each visit is its own; what comes behind it is not the next one's, whoever that is."""

    async def serve(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked.target == "/odd":
            writer.write(ODD_ANSWERS[name])
        else:
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(asked.target), asked.target.encode())
            )

    async with App(serve) as app, street(engine, state) as here:
        await here.awake(app)
        others = [await here.visitor() for _ in range(3)]
        for visitor in others:
            assert (await visitor.get("/first")).body == b"/first"
        for turn in range(5):
            odd = await here.visitor()
            assert (await odd.get("/first")).body == b"/first"
            odd.send(request("GET", "/odd"))
            await odd.answer()
            for visitor in others:
                target = f"/{turn}"
                got = await visitor.get(target)
                assert (got.body, got.headers.get("set-cookie")) == (target.encode(), None)
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                assert (await odd.get("/last")).body == b"/last"
            await odd.leave()
