"""One at a time may change a set: who comes second waits for a while. Only the scaler that leads changes any."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scaler.applier.errors import Busy
from scaler.applier.sets import SetId

PATIENCE = 30.0
"""Seconds that somebody waits for the one before."""
MOST = 50
"""Who change sets or wait to."""


class Locks:
    """`async with locks.held(which): …`"""

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._locks: dict[SetId, tuple[asyncio.Lock, int]] = {}
        self._patience = patience
        self._users = 0

    @asynccontextmanager
    async def held(self, which: SetId) -> AsyncIterator[None]:
        """Nobody else changes the set in the block. Raises Busy."""
        if self._users >= MOST:
            raise Busy("too many sets are being changed just now; try again in a moment")
        lock, users = self._locks.get(which, (asyncio.Lock(), 0))
        self._locks[which] = lock, users + 1
        self._users += 1
        try:
            try:
                async with asyncio.timeout(self._patience):
                    await lock.acquire()
            except TimeoutError:
                raise Busy(f"the set {which} is being changed by somebody else; try again when that is done") from None
            try:
                yield
            finally:
                lock.release()
        finally:
            self._users -= 1
            _, users = self._locks[which]
            if users > 1:
                self._locks[which] = lock, users - 1
            else:
                del self._locks[which]
