"""A gRPC health service of a few lines, which can be told to be ill in all kinds of ways."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events

from torpor.words import Address

SERVING = b"\0\0\0\0\2\x08\1"
NOT_SERVING = b"\0\0\0\0\2\x08\2"
UNKNOWN = b"\0\0\0\0\0"


@dataclass
class Health:
    """What it answers, and what it has been asked."""

    body: bytes = SERVING
    http_status: str = "200"
    grpc_status: str = "0"
    reset: bool = False
    goodbye: bool = False
    pieces: int = 65_536
    """Bytes that are sent at a time."""
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        http.initiate_connection()
        headers: dict[str, str] = {}
        question = b""
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            while received := await reader.read(4096):
                for event in http.receive_data(received):
                    if isinstance(event, h2.events.RequestReceived):
                        headers = {str(name): str(value) for name, value in event.headers}
                    elif isinstance(event, h2.events.DataReceived):
                        question += event.data
                    elif isinstance(event, h2.events.StreamEnded):
                        self.asked.append((headers, question))
                        self.answer(http, event.stream_id)
                out = http.data_to_send()
                for start in range(0, len(out), self.pieces):
                    writer.write(out[start : start + self.pieces])
                    await writer.drain()
                    await asyncio.sleep(0)

    def answer(self, http: h2.connection.H2Connection, stream: int) -> None:
        if self.goodbye:
            return http.close_connection()
        if self.reset:
            return http.reset_stream(stream)
        http.send_headers(stream, [(":status", self.http_status), ("content-type", "application/grpc")])
        http.send_data(stream, self.body)
        return http.send_headers(stream, [("grpc-status", self.grpc_status)], end_stream=True)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Address]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        async with server:
            yield Address(*server.sockets[0].getsockname())
