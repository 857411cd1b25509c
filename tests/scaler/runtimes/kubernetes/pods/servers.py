"""Small servers that answer as they are told, one after another."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tests.ports import own_port
from torpor.words import Address


@dataclass
class Web:
    """An HTTP server. Its answers are statuses; the last one stays. 0: it never answers."""

    statuses: list[int] = field(default_factory=lambda: [200])
    asked: list[str] = field(default_factory=list)
    """The heads of the requests."""
    open: int = 0
    most_open: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
                status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
                if status == 0:
                    await reader.read()
                else:
                    writer.write(b"HTTP/1.1 %d Said\r\nContent-Length: 0\r\n\r\n" % status)
        finally:
            self.open -= 1

    @contextlib.asynccontextmanager
    async def running(
        self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int | None = None
    ) -> AsyncIterator[Address]:
        async with await asyncio.start_server(self.serve, host, port or own_port(), ssl=tls) as server:
            yield Address(*server.sockets[0].getsockname()[:2])
