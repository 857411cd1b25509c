"""The last lines of one source, for readers who come later."""

from collections import deque

from scaler.logs.batch import size_of
from scaler.logs.line import Line

MOST_LINES = 1_000
MOST_BYTES = 256 * 1024


class Ring:
    """Bounded in lines and bytes."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._size = 0

    def put(self, line: Line) -> None:
        """One more, the newest."""
        self._lines.append(line)
        self._size += size_of((line,))
        while len(self._lines) > MOST_LINES or self._size > MOST_BYTES:
            self._size -= size_of((self._lines.popleft(),))

    def last(self, lines: int, since: str) -> list[Line]:
        """The last lines, of those that were written after a time."""
        wanted = [line for line in self._lines if line.at > since] if since else list(self._lines)
        return wanted[-lines:] if lines else []
