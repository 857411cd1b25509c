"""The lines of one app on their way to all who read them, and the last of them for those who come later."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from scaler.logs.batch import AT_ONCE, batches
from scaler.logs.line import Line, Source
from scaler.logs.reader import MOST_BYTES as QUEUE
from scaler.logs.reader import Reader
from scaler.logs.ring import MOST_BYTES as RING
from scaler.logs.ring import Ring

MOST_SOURCES = 20
"""Containers of which lines are kept; of those that have written last."""
MOST_BYTES = MOST_SOURCES * RING
"""Of the lines that are kept; each container has an equal share."""
LINGER = 0.025
"""Seconds that lines wait for others, to be told together: what a line costs is then hardly that of its readers."""


class Joined(NamedTuple):
    """A new reader, and what is here of the past that it wants."""

    reader: Reader
    kept: dict[Source, list[Line]]
    short: set[Source]
    """Of these some of it was here and is not any more."""
    whole: bool
    """That is all of it, or the rest is about to come."""


class Channel:
    """Between what follows an app's output and its readers. `lines` and `since` are what was asked of the past."""

    def __init__(self, lines: int | None, since: str) -> None:
        self._depth, self._since = lines, since
        self._rings: dict[Source, Ring] = {}
        self._room = MOST_BYTES
        self._queue = QUEUE
        self._readers: set[Reader] = set()
        self._pending: list[Line] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def deserted(self) -> bool:
        """Nobody reads."""
        return not self._readers

    def take(self, lines: Sequence[Line]) -> None:
        """The next lines, those of each source in their order."""
        self._pending += lines
        if len(self._pending) >= AT_ONCE:
            self._flush()
        elif self._pending and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._flush)

    def join(self, lines: int | None, since: str) -> "Joined":
        """One more reader, of what comes from now on; of the past it wants the last lines of each source (None: all),
        of those after `since` if given."""
        self._flush()
        reader = Reader(self._queue)
        self._readers.add(reader)
        kept = {source: ring.last(lines, since) for source, ring in self._rings.items()}
        short = {source for source, ring in self._rings.items() if not ring.reaches(lines, since)}
        return Joined(reader, kept, short, not short and self._reaches(lines, since))

    def may_hold(self, kept: int, queue: int) -> None:
        """Bytes of the lines that are kept here, and of those that wait for each reader: no more than these."""
        self._room, self._queue = kept, queue
        self._share()
        for each in self._readers:
            each.may_hold(queue)

    def leave(self, reader: Reader) -> None:
        """One reader less."""
        self._readers.discard(reader)

    def end(self) -> None:
        """No more lines will come; readers still get what is there."""
        self._flush()
        for reader in self._readers:
            reader.end()

    def _reaches(self, lines: int | None, since: str) -> bool:
        """Whether what was asked of the past when it began was as much."""
        if since:
            return self._depth is None and self._since <= since
        return lines == 0 or (self._depth is not None and lines is not None and lines <= self._depth)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._pending = self._pending, []
        for line in lines:
            self._ring(line.source).put(line)
        for batch in batches(lines):
            for reader in self._readers:
                reader.put(batch)

    def _ring(self, source: Source) -> Ring:
        known = self._rings.pop(source, None)
        ring = self._rings[source] = known or Ring()  # at the end: in front is who has been silent for longest
        if known is None:
            if len(self._rings) > MOST_SOURCES:
                del self._rings[next(iter(self._rings))]
            self._share()
        return ring

    def _share(self) -> None:
        for ring in self._rings.values():
            ring.may_hold(self._room // len(self._rings))
