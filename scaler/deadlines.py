"""When to look at which app again. Costs nothing while nothing is due: one sleep until the next deadline.

A deadline is a promise to look, not to act: whoever looks decides by the facts of that moment. So an app that is
visited all the time keeps its one entry, which is moved when it comes up and not at every visit.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Hashable

from torpor.clock import Clock


class Deadlines[K: Hashable]:
    """At most one deadline for each key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, K]] = []
        self._at: dict[K, float] = {}
        self._count = 0
        self._sooner = asyncio.Event()

    def __len__(self) -> int:
        return len(self._at)

    def set(self, key: K, at: float) -> None:
        """Look at the key at this time (or a moment later), instead of any time set before."""
        if self._at.get(key) == at:
            return
        self._at[key] = at
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, key))
        if self._heap[0][2] == key:
            self._sooner.set()
        if len(self._heap) > 2 * len(self._at) + 1_000:
            self._heap = [entry for entry in self._heap if self._at.get(entry[2]) == entry[0]]
            heapq.heapify(self._heap)

    def get(self, key: K) -> float | None:
        """The time set for the key."""
        return self._at.get(key)

    def cancel(self, key: K) -> None:
        """Do not look at it."""
        self._at.pop(key, None)

    async def due(self) -> AsyncIterator[K]:
        """Each key when its time has come, for ever."""
        while True:
            while self._heap and self._heap[0][0] <= self._clock.now():
                at, _, key = heapq.heappop(self._heap)
                if self._at.get(key) == at:
                    del self._at[key]
                    yield key
            self._sooner.clear()
            await self._clock.wait(self._sooner, self._heap[0][0] if self._heap else None)
