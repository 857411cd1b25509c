"""The lines of one app on their way to all who read them, and the last of them for those who come later."""

import asyncio
from collections.abc import Sequence
from itertools import batched

from scaler.logs.batch import AT_ONCE, Batch
from scaler.logs.line import Line, Source
from scaler.logs.reader import Reader
from scaler.logs.ring import Ring

MOST_SOURCES = 20
"""Containers of which lines are kept; of those that have written last."""
LINGER = 0.025
"""Seconds that lines wait for others, to be told together: what a line costs is then hardly that of its readers."""


class Channel:
    """Between what follows an app's output and its readers. `lines` and `since` are what was asked of the past."""

    def __init__(self, lines: int | None, since: str) -> None:
        self._depth, self._since = lines, since
        self._rings: dict[Source, Ring] = {}
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

    def reaches(self, lines: int, since: str) -> bool:
        """Whether all that one who comes now wants to read of the past has come, or is about to."""
        if self._depth is None:
            return bool(since) and self._since <= since
        return not since and lines <= self._depth

    def join(self, older: Sequence[Line], lines: int, since: str) -> Reader:
        """One more reader. `older` are lines that were read elsewhere, and may be here too."""
        self._flush()
        past: dict[Source, list[Line]] = {}
        for line in older:
            past.setdefault(line.source, []).append(line)
        for source, ring in self._rings.items():
            kept, known = ring.last(lines, since), past.get(source, [])
            past[source] = [line for line in known if not kept or line.at < kept[0].at] + kept
        whole = [line for found in past.values() for line in (found[-lines:] if lines else [])]
        seen = {line.source: line.at for line in whole}
        reader = Reader(whole, {source: seen[source] for source in past if seen.get(source)})
        self._readers.add(reader)
        return reader

    def leave(self, reader: Reader) -> None:
        """One reader less."""
        self._readers.discard(reader)

    def end(self) -> None:
        """No more lines will come; readers still get what is there."""
        self._flush()
        for reader in self._readers:
            reader.end()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._pending = self._pending, []
        for line in lines:
            self._ring(line.source).put(line)
        for some in batched(lines, AT_ONCE, strict=False):
            batch = Batch(some)
            for reader in self._readers:
                reader.put(batch)

    def _ring(self, source: Source) -> Ring:
        ring = self._rings.pop(source, None) or Ring()
        self._rings[source] = ring  # to the end: in front is who has been silent for longest
        if len(self._rings) > MOST_SOURCES:
            del self._rings[next(iter(self._rings))]
        return ring
