"""One reader's queue: who reads slower than an app writes loses lines of his own, the oldest, and is told how many."""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import batched

from scaler.logs.batch import AT_ONCE, Batch
from scaler.logs.line import Line, Source

MOST_LINES = 20_000
MOST_BYTES = 2 * 1024 * 1024
"""What waits for one reader; the lines themselves are shared by all readers."""


class Ended(Exception):  # noqa: N818 - reads as what happened
    """No more lines will come."""


class Reader:
    """`take` until it raises Ended. `seen` are the times of the last lines of sources that it has read elsewhere."""

    def __init__(self, past: Sequence[Line] = (), seen: dict[Source, str] | None = None) -> None:
        self._queue: deque[Batch] = deque()
        self._seen = seen or {}
        self._news = asyncio.Event()
        self._lines = 0
        self._size = 0
        self._lost = 0
        self._ended = False
        for some in batched(past, AT_ONCE, strict=False):
            self._put(Batch(some))

    def put(self, batch: Batch) -> None:
        """Add lines; drop the oldest when the reader is too slow."""
        if self._seen and not (batch := self._new(batch)):
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
        while len(self._queue) > 1 and (self._lines > MOST_LINES or self._size > MOST_BYTES):
            oldest = self._queue.popleft()
            self._lines -= len(oldest)
            self._size -= oldest.size
            self._lost += len(oldest)
        self._news.set()

    def _new(self, batch: Batch) -> Batch:
        """Without what it has read elsewhere. A source whose newer lines have come is not looked at any more."""
        seen = self._seen
        lines = [line for line in batch.lines if line.source not in seen or line.at > seen[line.source]]
        for source in {line.source for line in lines}:
            self._seen.pop(source, None)
        return batch if len(lines) == len(batch) else Batch(lines)
