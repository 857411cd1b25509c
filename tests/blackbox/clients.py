"""Steady clients, all in one event loop, none of which retries: they note whatever does not go as it should.

One liberty they take, as all clients of HTTP/1.1 must: where a connection that has already carried an answer is closed
before the first byte of the next one, that request goes out once more, on a new connection (RFC 9112, section 9.3.1).
How often that happens is counted.
"""

import asyncio
import contextlib
import hashlib
import json
import random
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

PATIENCE = 60.0
"""Seconds for one visit."""
LIMIT = 1024 * 1024


class WrongError(Exception):
    """An answer that should not be."""


class UnavailableError(Exception):
    """A clean 503."""


@dataclass(slots=True)
class Book:
    """What all clients have seen."""

    excused: Callable[[str, float], bool] = lambda app, began: False
    """Whether a clean 503 may be the answer to a visit for this app that began then (monotonic)."""
    answered: Counter[str] = field(default_factory=Counter)
    """By the kind of visit, and echoes by the message."""
    unavailable: int = 0
    reopened: int = 0
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(self.answered.items()))
        return f"{kinds}; {self.reopened} kept connections closed between requests; {self.unavailable} clean 503"


class Client(ABC):
    """Visits an app over and over, with pauses."""

    kind = ""
    pauses = (0.05, 0.6)
    """Seconds, at least and at most."""

    def __init__(self, where: tuple[str, int], app: str, number: int, book: Book, slow: float) -> None:
        self.where, self.app, self.number, self.book, self.slow = where, app, number, book, slow
        self.dice = random.Random(number)
        self.count = 0

    async def run(self, end: asyncio.Event) -> None:
        """Until the end, or the first failure of anybody."""
        try:
            await self._pause(end)
            while not end.is_set() and not self.book.failures:
                began = time.monotonic()
                try:
                    async with asyncio.timeout(PATIENCE):
                        await self.visit()
                    self.book.answered[self.kind] += 1
                except UnavailableError as error:
                    self.book.unavailable += 1
                    if not self.book.excused(self.app, began):
                        self._fail(began, error)
                except (WrongError, OSError, EOFError, WebSocketException) as error:
                    self._fail(began, error)
                self.count += 1
                await self._pause(end)
        finally:
            self.leave()

    @abstractmethod
    async def visit(self) -> None:
        """One visit, whose answer is checked."""

    @abstractmethod
    def leave(self) -> None:
        """Close what is still open."""

    def _fail(self, began: float, error: Exception) -> None:
        took = time.monotonic() - began
        self.book.failures.append(
            f"{self.kind} {self.count} of client {self.number} at {self.app}, {took:.2f} s: {error!r}"
        )

    async def _pause(self, end: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.dice.uniform(*self.pauses)):
                await end.wait()


class Asker(Client):
    """Speaks HTTP/1.1: on one connection as long as it lasts, or on a new one each time."""

    def __init__(self, where: tuple[str, int], app: str, number: int, book: Book, slow: float) -> None:
        super().__init__(where, app, number, book, slow)
        self.keeps = number % 2 == 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    def leave(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The body of the answer, which must be a 200."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.app}.localhost\r\nUser-Agent: steady/1\r\n"
        if body:
            head += f"Content-Length: {len(body)}\r\n"
        sent = head.encode() + b"\r\n" + body
        if self._reader is not None and not (first := await self._first(sent)):
            self.book.reopened += 1
            self.leave()
        if self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(*self.where, limit=LIMIT)
            first = await self._first(sent)
        if not first:
            raise WrongError("no answer on a new connection")
        status, headers = parse(first + await self._reader.readuntil(b"\r\n\r\n"))
        answer = await self._reader.readexactly(int(headers["content-length"]))
        if not self.keeps or headers.get("connection", "").lower() == "close":
            self.leave()
        must_be_ok(status, headers, answer)
        return answer

    async def _first(self, sent: bytes) -> bytes:
        """Send, and wait for the first byte; nothing when the connection is closed before it."""
        assert self._reader is not None
        assert self._writer is not None
        try:
            self._writer.write(sent)
            await self._writer.drain()
            return await self._reader.read(1)
        except ConnectionError:
            return b""


class Getter(Asker):
    """Asks for a little and for much by turns."""

    kind = "GET"

    async def visit(self) -> None:
        size = self.dice.randrange(1, 200_000)
        if self.count % 2:
            answer = await self.ask("GET", f"/bytes?n={size}")
            if hashlib.sha256(answer).digest() != hashlib.sha256(b"x" * size).digest():
                raise WrongError(f"{len(answer)} bytes that are not the {size} that were asked for")
        else:
            path = f"/{self.number}/{self.count}"
            self.check(await self.ask("GET", path), path)

    def check(self, answer: bytes, path: str, body: bytes = b"") -> None:
        """The app must have seen just this request."""
        said = json.loads(answer)
        seen = (said["app"], said["target"], said["length"], said["sha256"])
        if seen != (self.app, path, len(body), hashlib.sha256(body).hexdigest()):
            raise WrongError(f"the app has seen {seen}, for {path} with {len(body)} bytes")


class Poster(Getter):
    """Sends bodies."""

    kind = "POST"

    async def visit(self) -> None:
        body = self.dice.randbytes(self.dice.randrange(1, 200_000))
        path = f"/{self.number}/{self.count}"
        self.check(await self.ask("POST", path, body), path, body)


class Waiter(Getter):
    """Waits for a slow answer, and then does without for a while, in which the app may sleep."""

    kind = "slow GET"

    def __init__(self, where: tuple[str, int], app: str, number: int, book: Book, slow: float) -> None:
        super().__init__(where, app, number, book, slow)
        self.pauses = (0.2 * slow, 2.0 * slow)

    async def visit(self) -> None:
        path = f"/slow?seconds={self.slow}"
        self.check(await self.ask("GET", path), path)


class Talker(Client):
    """Talks over a WebSocket for a while, and closes it."""

    kind = "WebSocket"

    def __init__(self, where: tuple[str, int], app: str, number: int, book: Book, slow: float) -> None:
        super().__init__(where, app, number, book, slow)
        self.pauses = (0.2 * slow, 1.2 * slow)

    def leave(self) -> None:
        """Each visit closes its own connection."""

    async def visit(self) -> None:
        host, port = self.where
        url = f"ws://{self.app}.localhost/echo"
        patience = {"ping_interval": None, "open_timeout": PATIENCE}
        until = time.monotonic() + self.dice.uniform(0.1, 0.5) * self.slow
        try:
            async with connect(url, host=host, port=port, proxy=None, **patience) as socket:
                await self._say(socket)
                while time.monotonic() < until:
                    await asyncio.sleep(self.dice.uniform(0.02, 0.3))
                    await self._say(socket)
        except InvalidStatus as error:
            answer = error.response
            headers = {name.lower(): value for name, value in answer.headers.raw_items()}
            must_be_ok(answer.status_code, headers, bytes(answer.body))
            raise

    async def _say(self, socket: ClientConnection) -> None:
        said = self.dice.randbytes(self.dice.randrange(1, 70_000))
        await socket.send(said)
        if await socket.recv() != said:
            raise WrongError("an echo that is none")
        self.book.answered["echoes"] += 1


KINDS = (Getter, Poster, Waiter, Talker, Getter)
"""Each app has one of each."""


def parse(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer."""
    line, *lines = head.decode("latin-1").split("\r\n")[:-2]
    pairs = (line.partition(":") for line in lines)
    return int(line.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}


def must_be_ok(status: int, headers: dict[str, str], body: bytes) -> None:
    """UnavailableError for a 503 that says in Torpor's words when to come again, WrongError for all but a 200."""
    in_words = headers.get("content-type") == "application/problem+json" and json.loads(body)["status"] == status
    if status == HTTPStatus.SERVICE_UNAVAILABLE and in_words and "retry-after" in headers:
        raise UnavailableError(body[:300])
    if status != HTTPStatus.OK:
        raise WrongError(f"{status} {headers}: {body[:300]!r}")
