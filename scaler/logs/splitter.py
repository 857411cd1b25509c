"""Lines out of a stream of bytes, however it is cut up; of one that is too long, the beginning."""

from scaler.logs.line import LONGEST


class Splitter:
    """Feed it pieces, take whole lines. Bytes that are no text are replaced."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._rest = bytearray()

    def feed(self, piece: bytes) -> list[str]:
        """The lines that this piece ends, without their ends."""
        first, *others = piece.split(b"\n")
        self._keep(first)
        if not others:
            return []
        *whole, last = others
        lines = [bytes(self._rest), *whole]
        self._rest.clear()
        self._keep(last)
        return [self._text(line) for line in lines]

    def end(self) -> list[str]:
        """What came after the last end of a line: no more of it will come."""
        rest = bytes(self._rest)
        self._rest.clear()
        return [self._text(rest)] if rest else []

    def _keep(self, piece: bytes) -> None:
        self._rest += piece[: max(0, self._longest + 1 - len(self._rest))]

    def _text(self, line: bytes) -> str:
        cut = line[: self._longest].decode("utf-8", "replace").removesuffix("\r")
        return cut if len(line) <= self._longest else f"{cut}…"
