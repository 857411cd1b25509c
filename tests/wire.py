"""Both ends of the wire: an app made of a function, and a visitor who sends bytes."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Protocol, Self

from tests.ports import somewhere
from torpor.words import Address

PATIENCE = 60.0
"""Seconds for whatever is bound to come, on a busy machine."""


class Listening(Protocol):
    """An engine, as far as its visitors know."""

    @property
    def addresses(self) -> list[tuple[str, int]]: ...


class Asked:
    """A request as an app has read it."""

    def __init__(self, head: bytes) -> None:
        line, *lines = head.decode("latin-1").split("\r\n")[:-2]
        self.method, self.target, self.version = line.split(" ")
        self.fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        self.headers = dict(self.fields)
        self.body = b""


type Handler = Callable[[Asked, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: app\r\n\r\nhello"


class App:
    """A server; `handler` answers each request, whose body it may leave to the handler."""

    def __init__(self, handler: Handler | bytes = HELLO, *, read_body: bool = True) -> None:
        self._handler = handler
        self._read_body = read_body
        self.asked: list[Asked] = []
        self.connections = 0
        self.open = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, *somewhere(), limit=1024 * 1024)
        self.address = Address(*self._server.sockets[0].getsockname()[:2])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._server.close_clients()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    asked = Asked(await reader.readuntil(b"\r\n\r\n"))
                    self.asked.append(asked)
                    if self._read_body:
                        asked.body = await body_of(asked.headers, reader)
                    if isinstance(self._handler, bytes):
                        writer.write(self._handler)
                    else:
                        await self._handler(asked, reader, writer)
                    await writer.drain()
                    if writer.is_closing():
                        return
        finally:
            self.open -= 1
            writer.close()


async def body_of(headers: dict[str, str], reader: asyncio.StreamReader) -> bytes:
    """The body that these headers announce."""
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b""
        while size := int(await reader.readuntil(b"\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return body
    return await reader.readexactly(int(headers.get("content-length", 0)))


class Got:
    """An answer as a visitor has read it."""

    def __init__(self, head: bytes, body: bytes = b"") -> None:
        self.head = head
        line, *lines = head.decode("latin-1").split("\r\n")[:-2]
        self.version, status, self.reason = line.split(" ", 2)
        self.status = int(status)
        self.fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        self.headers = dict(self.fields)
        self.body = body


class Visitor:
    """A client that sends bytes and reads answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, engine: Listening) -> Self:
        """A new connection to this engine."""
        return cls(*await asyncio.open_connection(*engine.addresses[0], limit=16 * 1024 * 1024))

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> Got:
        """The next head."""
        async with asyncio.timeout(PATIENCE):
            return Got(await self.reader.readuntil(b"\r\n\r\n"))

    async def answer(self, *, bodiless: bool = False) -> Got:
        """The next final answer, whole."""
        got = await self.head()
        while got.status < 200 and got.status != 101:
            got = await self.head()
        if bodiless or got.status in (101, 204, 304):
            return got
        async with asyncio.timeout(PATIENCE):
            if "content-length" in got.headers or "transfer-encoding" in got.headers:
                got.body = await body_of(got.headers, self.reader)
            else:
                got.body = await self.reader.read()
        return got

    async def get(self, target: str = "/", *fields: str) -> Got:
        """One GET and its answer."""
        self.send(request("GET", target, *fields))
        return await self.answer()

    async def rest(self) -> bytes:
        """All that comes until the end."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def is_cut(self) -> bool:
        """Whether it ends now in a reset."""
        async with asyncio.timeout(PATIENCE):
            try:
                await self.reader.read()
            except ConnectionResetError:
                return True
        return False

    def reset(self) -> None:
        """Leave with a reset, which overtakes what is still to be sent."""
        reset(self.writer)

    async def leave(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def request(method: str, target: str, *fields: str, body: bytes = b"") -> bytes:
    """A request with a Host, unless the fields have one."""
    lines = [f"{method} {target} HTTP/1.1", *fields]
    if not any(field.lower().startswith("host:") for field in fields):
        lines.append("Host: app.localhost")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def until(true: Callable[[], object], within: float = PATIENCE) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.005)
