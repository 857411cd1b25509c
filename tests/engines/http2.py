"""HTTP/2 by hand, for both ends: a connection with its events in a queue per stream."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import h2.config
import h2.connection
import h2.events

from tests.engines.street import Street
from tests.wire import PATIENCE


class Talk:
    """One HTTP/2 connection, client or server, with its events in a queue per stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, client: bool) -> None:
        self.reader, self.writer = reader, writer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=client, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.streams: dict[int, asyncio.Queue[h2.events.Event]] = {}
        self.on_stream: Callable[[int], object] = lambda stream: None
        self.settings = asyncio.Event()
        self.flush()

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    async def run(self) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await self.reader.read(65536):
                for event in self.h2.receive_data(data):
                    if isinstance(event, h2.events.RemoteSettingsChanged):
                        self.settings.set()
                    if isinstance(event, h2.events.DataReceived):
                        self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    stream = getattr(event, "stream_id", None)
                    if stream:
                        if stream not in self.streams:
                            self.streams[stream] = asyncio.Queue()
                            self.on_stream(stream)
                        self.streams[stream].put_nowait(event)
                self.flush()
        for queue in self.streams.values():
            queue.put_nowait(h2.events.ConnectionTerminated())

    def ask(self, headers: list[tuple[str, str]], *, end: bool = False) -> int:
        stream = self.h2.get_next_available_stream_id()
        self.streams[stream] = asyncio.Queue()
        self.h2.send_headers(stream, headers, end_stream=end)
        self.flush()
        return stream

    def say(self, stream: int, data: bytes = b"", *, end: bool = False) -> None:
        self.h2.send_data(stream, data, end_stream=end)
        self.flush()

    async def hear(self, stream: int, kind: type[h2.events.Event]) -> h2.events.Event:
        """The next event of this kind on this stream."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event = await self.streams[stream].get()
                if isinstance(event, h2.events.StreamReset):
                    raise ConnectionError(f"stream reset: {event.error_code}")
                if isinstance(event, h2.events.ConnectionTerminated):
                    raise ConnectionError("the connection has ended")
                if isinstance(event, kind):
                    return event


@contextlib.asynccontextmanager
async def speak(here: Street) -> AsyncIterator[Talk]:
    """A client that speaks HTTP/2 from the first byte."""
    reader, writer = await asyncio.open_connection(*here.engine.addresses[0])
    talk = Talk(reader, writer, client=True)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(talk.run())
        try:
            yield talk
        finally:
            running.cancel()
            writer.close()


def head(
    method: str = "GET", path: str = "/", host: str = "app.localhost", *more: tuple[str, str]
) -> list[tuple[str, str]]:
    return [(":method", method), (":path", path), (":authority", host), (":scheme", "http"), *more]


async def answer(talk: Talk, stream: int) -> tuple[dict[str, str], bytes]:
    heard = await talk.hear(stream, h2.events.ResponseReceived)
    assert isinstance(heard, h2.events.ResponseReceived)
    body = b""
    async with asyncio.timeout(PATIENCE):
        while not isinstance(event := await talk.streams[stream].get(), h2.events.StreamEnded):
            if isinstance(event, h2.events.DataReceived):
                body += event.data
    return {str(name): str(value) for name, value in heard.headers}, body
