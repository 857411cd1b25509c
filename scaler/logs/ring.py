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
        self._most = MOST_BYTES
        self._dropped = ""
        """The latest time of those that are not here any more."""

    def put(self, line: Line) -> None:
        """One more, the newest."""
        self._lines.append(line)
        self._size += size_of((line,))
        self._make_room()

    def may_hold(self, size: int) -> None:
        """So many bytes, and no more than MOST_BYTES."""
        self._most = min(size, MOST_BYTES)
        self._make_room()

    def last(self, lines: int | None, since: str) -> list[Line]:
        """The last lines (None: all), of those that were written after a time if one is given."""
        wanted = [line for line in self._lines if line.at > since] if since else list(self._lines)
        return wanted if lines is None else wanted[len(wanted) - min(len(wanted), lines) :]

    def reaches(self, lines: int | None, since: str) -> bool:
        """Whether none of these has been here and is not any more."""
        if not self._dropped or (since and self._dropped <= since):
            return True
        return lines is not None and len(self.last(lines, since)) == lines

    def _make_room(self) -> None:
        while len(self._lines) > MOST_LINES or self._size > self._most:
            oldest = self._lines.popleft()
            self._size -= size_of((oldest,))
            self._dropped = max(self._dropped, oldest.at)
