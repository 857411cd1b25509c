"""One reader's queue: who reads slower than an app writes loses lines of his own, the oldest, and is told how many."""

import asyncio
from collections import deque
from collections.abc import Sequence

from scaler.logs.batch import Batch, batches
from scaler.logs.line import Line, Source
from torpor.seam import Seam

MOST_LINES = 20_000
MOST_BYTES = 5 * 1024 * 1024
"""What waits for one reader; the lines themselves are shared by all readers."""


class Ended(Exception):  # noqa: N818 - reads as what happened
    """No more lines will come."""


class Reader:
    """`take` until it raises Ended."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._queue: deque[Batch] = deque()
        self._most = min(most, MOST_BYTES)
        self._seams: dict[Source, Seam] = {}
        self._news = asyncio.Event()
        self._lines = 0
        self._size = 0
        self._lost = 0
        self._ended = False

    def may_hold(self, size: int) -> None:
        """So many bytes, and no more than MOST_BYTES."""
        self._most = min(size, MOST_BYTES)
        self._make_room()

    def begin(self, past: Sequence[Line], seams: dict[Source, Seam]) -> None:
        """What comes before all that has come so far; `seams` are of sources of which nothing has come."""
        come = list(self._queue)
        self._queue.clear()
        self._lines = self._size = 0
        for batch in (*batches(past), *come):
            self._put(batch)
        self._seams = seams

    def coming(self) -> dict[Source, str]:
        """The time of the first line of each source that waits here."""
        first: dict[Source, str] = {}
        for batch in self._queue:
            for line in batch.lines:
                if line.at:
                    first.setdefault(line.source, line.at)
        return first

    def put(self, batch: Batch) -> None:
        """Add lines; drop the oldest when the reader is too slow."""
        if self._seams and not (batch := self._new(batch)):
            return
        self._put(batch)

    def end(self) -> None:
        """No more lines will come."""
        self._ended = True
        self._news.set()

    async def take(self) -> tuple[int, list[Batch]]:
        """How many lines are lost, and all those behind them that wait here; waits for some. Cancelling it loses none.
        Raises Ended."""
        while not self._queue:
            if self._ended:
                raise Ended
            self._news.clear()
            await self._news.wait()
        lost, batches = self._lost, list(self._queue)
        self._queue.clear()
        self._lines = self._size = self._lost = 0
        return lost, batches

    def _put(self, batch: Batch) -> None:
        self._queue.append(batch)
        self._lines += len(batch)
        self._size += batch.size
        self._make_room()
        self._news.set()

    def _make_room(self) -> None:
        while len(self._queue) > 1 and (self._lines > MOST_LINES or self._size > self._most):
            oldest = self._queue.popleft()
            self._lines -= len(oldest)
            self._size -= oldest.size
            self._lost += len(oldest)

    def _new(self, batch: Batch) -> Batch:
        """Without what it has read elsewhere. A source that is beyond that is not looked at any more."""
        seams = self._seams
        lines = [line for line in batch.lines if line.source not in seams or seams[line.source].new(line.at)]
        self._seams = {source: seam for source, seam in seams.items() if seam.repeating}
        return batch if len(lines) == len(batch) else Batch(lines)
