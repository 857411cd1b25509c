"""After an upgrade: a raw pipe both ways, in flight until one side closes."""

import asyncio
import base64
import os

import pytest
import websockets

from tests.addons.doubles import App, Asked, House, Visitor, house, request, until
from tests.wire import PATIENCE

ASK = ("Connection: Upgrade", "Upgrade: echo")
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n"


async def echo(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if "upgrade" not in asked.headers:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain")
        return
    writer.write(SWITCHED + b"welcome")
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def upgraded(here: House) -> Visitor:
    visitor = await here.visitor()
    visitor.send(request("GET", "/", *ASK) + b"early")
    got = await visitor.head()
    assert (got.status, got.headers["upgrade"], got.headers["connection"]) == (101, "echo", "Upgrade")
    assert await visitor.reader.readexactly(12) == b"welcomeearly"
    return visitor


@pytest.mark.parametrize("asleep", [False, True])
async def test_bytes_pass_both_ways_until_the_client_closes(asleep: bool) -> None:
    async with App(echo) as app, house(app) as here:
        here.doorman.asleep = asleep
        async with asyncio.TaskGroup() as group:
            arriving = group.create_task(upgraded(here))
            await until(lambda: here.doorman.held or app.asked)
            here.doorman.wake()
        visitor = arriving.result()
        assert here.doorman.visits[0].upgrade
        assert here.doorman.in_flight == 1
        big = os.urandom(3_000_000)
        visitor.send(big)
        assert await visitor.reader.readexactly(len(big)) == big
        assert here.doorman.in_flight == 1
        await visitor.leave()
        await until(lambda: app.open == 0 and not here.doorman.in_flight)


async def test_an_app_that_closes_its_side_ends_it_after_its_last_words() -> None:
    async def bye(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(SWITCHED + b"x" * 1_000_000 + b"bye")
        writer.close()

    async with App(bye) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("GET", "/", *ASK))
        assert (await visitor.rest()).endswith(b"xbye")
        await until(lambda: not here.doorman.in_flight)


async def test_what_the_client_said_last_reaches_the_app() -> None:
    heard = asyncio.get_running_loop().create_future()

    async def listen(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(SWITCHED)
        heard.set_result(await reader.read())
        writer.close()

    async with App(listen) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("GET", "/", *ASK))
        await visitor.head()
        visitor.send(b"x" * 100_000 + b"bye")
        await visitor.leave()
        async with asyncio.timeout(PATIENCE):
            assert (await heard).endswith(b"xbye")


async def test_an_app_may_decline_an_upgrade() -> None:
    async with App() as app, house(app) as here:
        visitor = await here.visitor()
        assert (await visitor.get("/", *ASK)).body == b"hello"
        assert app.asked[0].headers["upgrade"] == "echo"
        assert (await visitor.get("/")).body == b"hello"
        assert "upgrade" not in app.asked[1].headers


async def test_an_upgrade_to_http_2_is_not_passed_on() -> None:
    """Requests within it would come past the doorman."""
    async with App(echo) as app, house(app) as here:
        visitor = await here.visitor()
        fields = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
        assert (await visitor.get("/", *fields)).body == b"plain"
        assert not {"upgrade", "http2-settings", "connection"} & app.asked[0].headers.keys()
        assert not here.doorman.visits[0].upgrade


async def test_an_upgrade_named_without_connection_is_a_plain_request() -> None:
    async with App(echo) as app, house(app) as here:
        assert (await here.get("/", "Upgrade: echo")).body == b"plain"
        assert "upgrade" not in app.asked[0].headers


@pytest.mark.parametrize("asleep", [False, True])
async def test_websockets_work(asleep: bool) -> None:
    async def handle(connection: websockets.ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with websockets.serve(handle, "127.0.0.1", 0, max_size=None) as server, house() as here:
        here.doorman.address = server.sockets[0].getsockname()[:2]
        here.doorman.asleep = asleep
        host, port = here.engine.addresses[0]
        async with asyncio.TaskGroup() as group:
            connecting = group.create_task(_connect(f"ws://{host}:{port}/x"))
            await until(lambda: here.doorman.visits)
            here.doorman.wake()
        client = connecting.result()
        for message in ("hello", b"\0" * 1_000_000):
            await client.send(message)
            assert await client.recv() == message
        assert here.doorman.in_flight == 1
        await client.close()
        await until(lambda: not here.doorman.in_flight)


async def _connect(url: str) -> websockets.ClientConnection:
    return await websockets.connect(url, max_size=None, proxy=None)


async def test_a_websocket_key_and_its_answer_pass_unchanged() -> None:
    async with App(SWITCHED.replace(b"echo", b"websocket")) as app, house(app) as here:
        visitor = await here.visitor()
        key = base64.b64encode(os.urandom(16)).decode()
        fields = ("Connection: keep-alive, Upgrade", "Upgrade: websocket", f"Sec-WebSocket-Key: {key}")
        visitor.send(request("GET", "/", *fields, "Sec-WebSocket-Version: 13"))
        assert (await visitor.head()).headers["upgrade"] == "websocket"
        headers = app.asked[0].headers
        assert (headers["connection"], headers["upgrade"]) == ("Upgrade", "websocket")
        assert headers["sec-websocket-key"] == key
