"""Lines out of a stream of bytes, however it is cut up and however long they are, up to a bound."""

from collections.abc import Iterator

LONGEST = 16 * 1024 * 1024
"""Bytes of one line. An object in etcd has at most 1.5 MiB, and escaped JSON at most six times that."""


class TooLong(ValueError):  # noqa: N818 - reads as what happened
    """A line that does not end."""


class Lines:
    """Feed it pieces, take whole lines."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._rest = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The lines that this piece ends, without their newline, blank ones left out. Raises TooLong."""
        end = piece.rfind(b"\n")
        if end < 0:
            self._keep(piece)
            return
        self._keep(piece[:end])
        whole = bytes(self._rest)
        self._rest.clear()
        self._keep(piece[end + 1 :])
        for line in whole.split(b"\n"):
            if line.strip():
                yield line

    def rest(self) -> bytes:
        """What came after the last newline."""
        return bytes(self._rest)

    def _keep(self, piece: bytes) -> None:
        if len(self._rest) + len(piece) > self._longest:
            raise TooLong(f"a line of more than {self._longest} bytes")
        self._rest += piece
