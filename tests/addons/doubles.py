"""A doorman who does as he is told, an app made of a function, and a visitor who sends bytes."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

from addons.engine import MitmproxyEngine
from proxy.visit import Answer, Forward, Verdict, Visit
from torpor.words import Address

NOWHERE = Address("127.0.0.1", 1)


class Doorman:
    """Forwards to `address`, or holds while `asleep`. Keeps count, and remembers every breach of the contract."""

    def __init__(self, address: Address = NOWHERE) -> None:
        self.address = address
        self.asleep = False
        self.awake = asyncio.Event()
        self.answers: dict[str, Answer] = {}
        self.visits: list[Visit] = []
        self.forwards: list[Forward] = []
        self.held = 0
        self.left = 0
        self.refused: list[tuple[int, str]] = []
        self.errors: list[str] = []
        self.reasons: list[str] = []
        self.retries = 0
        self.mistakes: list[str] = []
        self.raises: Exception | None = None

    @property
    def in_flight(self) -> int:
        return sum(forward.open for forward in self.forwards)

    def wake(self) -> None:
        self.asleep = False
        self.awake.set()

    def glance(self, visit: Visit) -> Verdict | None:
        self.visits.append(visit)
        if self.raises is not None:
            raise self.raises
        if visit.path in self.answers:
            return self.answers[visit.path]
        return None if self.asleep else self.forward()

    def forward(self, held: float = 0.0) -> Forward:
        self.forwards.append(forward := Forward("app", self.address, counts=True, held=held))
        return forward

    async def admit(self, visit: Visit, gone: asyncio.Event) -> Verdict:
        return await self._hold(visit, gone)

    async def again(self, visit: Visit, forward: Forward, error: str, gone: asyncio.Event) -> Verdict:
        self.done(forward)
        self.errors.append(error)
        if self.retries > 0:
            self.retries -= 1
            return await self._hold(visit, gone)
        return Answer(502, [("Content-Type", "text/plain")], f"refused: {error}".encode())

    async def _hold(self, visit: Visit, gone: asyncio.Event) -> Verdict:
        self.held += 1
        try:
            async with asyncio.TaskGroup() as group:
                waits = [group.create_task(gone.wait()), group.create_task(self.awake.wait())]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for task in waits:
                    task.cancel()
        finally:
            self.held -= 1
        if gone.is_set():
            self.left += 1
            return Answer(408, [], b"left")
        if visit.path in self.answers:
            return self.answers[visit.path]
        return self.forward(held=0.25)

    def broken(self, visit: Visit, forward: Forward, reason: str) -> Answer:
        if not forward.open:
            self.mistakes.append("broken after done")
        self.reasons.append(reason)
        return Answer(502, [("Content-Type", "text/plain")], f"broken: {reason}".encode())

    def refuse(self, status: int, detail: str) -> Answer:
        self.refused.append((status, detail))
        return Answer(status, [("Content-Type", "application/problem+json")], b'{"detail": "%b"}' % detail.encode())

    def done(self, forward: Forward) -> None:
        if not forward.open:
            self.mistakes.append("done twice")
        forward.open = False


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
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1024 * 1024)
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
    async def to(cls, engine: MitmproxyEngine) -> Self:
        """A new connection to this engine."""
        return cls(*await asyncio.open_connection(*engine.addresses[0], limit=16 * 1024 * 1024))

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> Got:
        """The next head."""
        async with asyncio.timeout(20):
            return Got(await self.reader.readuntil(b"\r\n\r\n"))

    async def answer(self, *, bodiless: bool = False) -> Got:
        """The next final answer, whole."""
        got = await self.head()
        while got.status < 200 and got.status != 101:
            got = await self.head()
        if bodiless or got.status in (101, 204, 304):
            return got
        async with asyncio.timeout(20):
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
        async with asyncio.timeout(20):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def is_cut(self) -> bool:
        """Whether it ends now in a reset."""
        async with asyncio.timeout(20):
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


class House:
    """An engine, its doorman, and visitors who all leave in the end."""

    def __init__(self, engine: MitmproxyEngine, doorman: Doorman) -> None:
        self.engine = engine
        self.doorman = doorman
        self._visitors: list[Visitor] = []

    async def visitor(self) -> Visitor:
        visitor = await Visitor.to(self.engine)
        self._visitors.append(visitor)
        return visitor

    async def get(self, target: str = "/", *fields: str) -> Got:
        """A visit on a connection of its own."""
        visitor = await self.visitor()
        got = await visitor.get(target, *fields)
        await visitor.leave()
        return got

    async def is_empty(self) -> None:
        """Wait until nobody is left, and see that the books are right."""
        await until(lambda: not len(self.engine.listener) and not self.doorman.in_flight)
        assert self.doorman.mistakes == []

    async def all_leave(self) -> None:
        for visitor in self._visitors:
            await visitor.leave()


@contextlib.asynccontextmanager
async def house(app: App | None = None, **options: object) -> AsyncIterator[House]:
    """An engine on a free port, in front of this app. At the end nothing may be left over."""
    doorman = Doorman(app.address if app is not None else NOWHERE)
    async with MitmproxyEngine(doorman, listen=("127.0.0.1", 0), **options) as engine:  # type: ignore[arg-type]
        opened = House(engine, doorman)
        try:
            yield opened
        finally:
            await opened.all_leave()
        await opened.is_empty()


async def until(true: Callable[[], object], within: float = 20.0) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.005)
