"""An app that forgives nothing, and notes as doubtful whatever another server might read in another way."""

import asyncio
import contextlib
import re
from typing import Self

from tests.engines.street import Street
from tests.ports import somewhere
from torpor.words import Address

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
# A DEL in the target ends nothing, and HAProxy 2.6 overlooks some.
_LINE = re.compile(rb"(%b) (/[\x21\x22\x24-\xff]*) HTTP/1\.([01])" % _TOKEN)
_FIELD = re.compile(rb"(%b): *([\t\x20-\x7e\x80-\xff]*)" % _TOKEN)
_CHUNK = re.compile(rb"0|[1-9A-Fa-f][0-9A-Fa-f]{0,7}")
_LENGTH = re.compile(rb"0|[1-9][0-9]{0,17}")
_ONCE = (b"host", b"content-length", b"transfer-encoding", b"x-forwarded-for", b"forwarded")


class DoubtfulError(Exception):
    """Another server might read this in another way."""


class Read:
    """A request as the strict app has read it."""

    def __init__(self, target: str, headers: dict[str, str], body: bytes) -> None:
        self.target = target
        self.headers = headers
        self.body = body


class StrictApp:
    """Answers with its own name and the request's target: `name target`."""

    def __init__(self, name: str = "app") -> None:
        self.name = name
        self.read: list[Read] = []
        self.doubts: list[str] = []
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, *somewhere(), limit=1024 * 1024)
        self.address = Address(*self._server.sockets[0].getsockname()[:2])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._server.close_clients()
        await self._server.wait_closed()

    def forget(self) -> None:
        """Begin anew."""
        self.read.clear()
        self.doubts.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    request = await _request(reader)
                    self.read.append(request)
                    body = f"{self.name} {request.target}".encode()
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                    await writer.drain()
        except DoubtfulError as doubt:
            self.doubts.append(str(doubt))
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Read:
    line = await _line(reader)
    found = _LINE.fullmatch(line)
    if found is None:
        raise DoubtfulError(f"request line {line!r}")
    fields: list[tuple[bytes, bytes]] = []
    while line := await _line(reader):
        field = _FIELD.fullmatch(line)
        if field is None:
            raise DoubtfulError(f"header {line!r}")
        fields.append((field[1].lower().replace(b"_", b"-"), field[2]))
    for name in _ONCE[0], *_ONCE[3:]:
        if sum(one == name for one, _ in fields) != 1:
            raise DoubtfulError(f"not one {name!r} in {fields}")
    headers = dict(fields)
    if headers[b"x-forwarded-for"] != b"127.0.0.1":
        raise DoubtfulError(f"a request that the proxy has not seen: {fields}")
    body = await _body(fields, reader, chunks=found[3] == b"1")
    return Read(found[2].decode("latin-1"), {n.decode(): v.decode("latin-1") for n, v in fields}, body)


async def _body(fields: list[tuple[bytes, bytes]], reader: asyncio.StreamReader, *, chunks: bool) -> bytes:
    framing = [(name, value) for name, value in fields if name in _ONCE[1:3]]
    if not framing:
        return b""
    (name, value), *more = framing
    if more:
        raise DoubtfulError(f"framed in more than one way: {framing}")
    if name == b"content-length":
        if not _LENGTH.fullmatch(value):
            raise DoubtfulError(f"Content-Length {value!r}")
        return await reader.readexactly(int(value))
    if value.lower() != b"chunked" or not chunks:
        raise DoubtfulError(f"Transfer-Encoding {value!r}")
    body = b""
    while True:
        line = await _line(reader)
        if not _CHUNK.fullmatch(line):
            raise DoubtfulError(f"chunk {line!r}")
        if not (size := int(line, 16)):
            break
        body += await reader.readexactly(size)
        if await _line(reader):
            raise DoubtfulError("a chunk that does not end where it should")
    while await _trailer(reader):
        pass  # whatever a trailer says, it cannot be taken for the end of the message
    return body


async def _trailer(reader: asyncio.StreamReader) -> bytes:
    """HAProxy 2.6 lets any byte pass in the name of a trailer, where it does not in that of a header."""
    line = await reader.readuntil(b"\n")
    if not line.endswith(b"\r\n"):
        raise DoubtfulError(f"trailer {line!r}")
    return line[:-2]


async def _line(reader: asyncio.StreamReader) -> bytes:
    line = await reader.readuntil(b"\n")
    if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
        raise DoubtfulError(f"line {line!r}")
    return line[:-2]


async def the_next_visitor_is_served(here: Street, after: str) -> None:
    """The second request on a connection may go out on any connection to the app that is open."""
    visitor = await here.visitor()
    for target in ("/one", "/two"):
        assert (await visitor.get(target)).body == f"app {target}".encode(), after
    await visitor.leave()
