"""Reads the bodies of HTTP/1 messages piece by piece, never more than is there (RFC 9112 sections 6 and 7)."""

from abc import ABC, abstractmethod

from h11 import Data, EndOfMessage, ProtocolError
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer

from addons.layers.heads import MAX_HEAD, Size


class BadBodyError(Exception):
    """A body that breaks its own framing; says how."""


class Body(ABC):
    """The rest of one message's body. Each reader takes its bytes from the connection's buffer."""

    done = False
    """All of it has been read."""
    trailers = False
    """Fields came after the body."""
    chunked = False

    def take(self, data: bytes) -> bool:
        """Whether these bytes, with none waiting before them, are all the body's; the short way for long bodies."""
        return False

    @abstractmethod
    def read(self, buf: ReceiveBuffer) -> bytes:
        """What is there; `b""` when nothing is, or when it is done. Raises BadBodyError."""

    def end(self) -> None:
        """The connection has been closed. Raises BadBodyError when that is too early."""
        if not self.done:
            raise BadBodyError("it broke off in the middle of a message")


class Sized(Body):
    """A body with a Content-Length."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.done = size == 0

    def take(self, data: bytes) -> bool:
        if len(data) > self.left:
            return False
        self.left -= len(data)
        self.done = self.left == 0
        return True

    def read(self, buf: ReceiveBuffer) -> bytes:
        data = bytes(buf.maybe_extract_at_most(self.left) or b"")
        self.left -= len(data)
        self.done = self.left == 0
        return data


class UntilClose(Body):
    """A body that ends with its connection."""

    def take(self, data: bytes) -> bool:
        return True

    def read(self, buf: ReceiveBuffer) -> bytes:
        return bytes(buf.maybe_extract_at_most(len(buf)) or b"")

    def end(self) -> None:
        self.done = True


class Chunked(Body):
    """A body in chunks. Trailers are read over; chunk extensions are dropped."""

    chunked = True

    def __init__(self) -> None:
        self._reader = ChunkedReader()

    def read(self, buf: ReceiveBuffer) -> bytes:
        pieces = []
        while not self.done:
            try:
                event = self._reader(buf)
            except ProtocolError as error:
                raise BadBodyError(f"its chunks are malformed: {error}") from None
            if isinstance(event, Data):
                pieces.append(event.data)
            elif isinstance(event, EndOfMessage):
                self.done = True
                self.trailers = bool(event.headers)
            elif len(buf) > MAX_HEAD:
                raise BadBodyError(f"a chunk's head or the trailers are longer than {MAX_HEAD} bytes")
            else:
                break
        return b"".join(pieces)


def make_body(size: Size) -> Body:
    """The reader for a body of this size."""
    if size is None:
        return Chunked()
    return UntilClose() if size < 0 else Sized(size)
