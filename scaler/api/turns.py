"""Work that takes much memory: a few at a time, some wait for their turn, and the rest is asked to come again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scaler.api.problems import Problem


class Turns:
    """`what` is told to those for whom there is no room."""

    def __init__(self, what: str, *, at_once: int, waiting: int) -> None:
        self._what = what
        self._most = waiting
        self._waiting = 0
        self._places = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for it; it lasts as long as the block. Raises Problem."""
        if self._waiting >= self._most and self._places.locked():
            raise Problem(503, f"Too many {self._what} at once.", {"Retry-After": "5"})
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()
