"""Visits on plain sockets: as little as possible stands between the socket and the clock."""

import asyncio
import json
import time
from typing import Any, NamedTuple

type Address = tuple[str, int]


class Answer(NamedTuple):
    """An answer as its visitor saw it; readings of the monotonic clock, which all processes share on Linux."""

    status: int
    body: bytes
    first_byte: float
    complete: float

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class _Client(asyncio.Protocol):
    def __init__(self, request: bytes, answer: "asyncio.Future[Answer]") -> None:
        self._request = request
        self._answer = answer
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._data:
            self._first_byte = time.monotonic()
        self._data += data

    def connection_lost(self, exc: Exception | None) -> None:
        complete = time.monotonic()
        if self._answer.done():
            return
        if not self._data:
            self._answer.set_exception(exc or ConnectionResetError("closed without an answer"))
            return
        head, _, body = self._data.partition(b"\r\n\r\n")
        self._answer.set_result(Answer(int(head.split(b" ", 2)[1]), body, self._first_byte, complete))


async def visit(address: Address, target: str, *, host: str = "localhost", method: str = "GET") -> Answer:
    """One request on a connection of its own. Raises OSError when there is no answer at all."""
    loop = asyncio.get_running_loop()
    request = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    request += "\r\n" if method == "GET" else "Content-Length: 0\r\n\r\n"
    answer: asyncio.Future[Answer] = loop.create_future()
    transport, _ = await loop.create_connection(lambda: _Client(request.encode(), answer), *address)
    try:
        return await answer
    finally:
        transport.abort()
