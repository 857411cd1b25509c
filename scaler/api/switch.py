"""A switch that ends blocks of code from outside, at once: for a server that stops and a client that leaves.

Each block runs in an `asyncio.timeout` without a time; throwing the switch makes that time now. So a block needs no
second task to watch for the end, and cancellation stays what asyncio makes of it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Stopping(Exception):  # noqa: N818 - a state of the server, not a mistake
    """The API closes; what was under way is not waited for any longer."""


class ClientLeft(ConnectionError):  # noqa: N818 - reads as what happened
    """Nobody is there to read an answer."""


class Switch:
    """Thrown once; blocks under way end with the error it was made for, later ones do not begin."""

    def __init__(self, error: type[Exception]) -> None:
        self.thrown = False
        self._error = error
        self._blocks: set[asyncio.Timeout] = set()
        self._none_left = asyncio.Event()
        self._none_left.set()

    @asynccontextmanager
    async def block(self) -> AsyncIterator[None]:
        """Run the body until it ends or the switch is thrown, which raises the switch's error here."""
        if self.thrown:
            raise self._error
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._blocks.add(limit)
                self._none_left.clear()
                try:
                    yield
                finally:
                    self._blocks.discard(limit)
                    if not self._blocks:
                        self._none_left.set()
        except TimeoutError:
            if limit.expired():
                raise self._error from None
            raise

    def throw(self) -> None:
        """End all blocks. Doing it twice changes nothing."""
        if not self.thrown:
            self.thrown = True
            for limit in self._blocks:
                limit.reschedule(0.0)

    async def none_left(self, seconds: float) -> bool:
        """Wait until no block is left, at most so long; whether that is so."""
        try:
            async with asyncio.timeout(seconds):
                await self._none_left.wait()
        except TimeoutError:
            return False
        return True
