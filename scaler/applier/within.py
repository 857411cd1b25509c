"""One deadline over several calls of the API server, each of which has its own, while nothing is changed yet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scaler.runtimes.kubernetes.api.errors import Unreachable

DEADLINE = 120.0
"""Seconds for all that is read, and again for all that is changed."""


@asynccontextmanager
async def within(seconds: float = DEADLINE) -> AsyncIterator[None]:
    """Raises Unreachable when the block takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Unreachable(f"it has not answered all that was asked within {seconds:g}s", sent=False) from None
