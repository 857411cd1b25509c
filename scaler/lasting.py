"""Work beside the leading. A reign ends with whatever fails in it, and no mistake in such work is worth that: it is
logged, and the work begun again, later each time in a row.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic

from scaler.patience import doubled

logger = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
"""Seconds; who has gone on for so long without a mistake begins again with the first."""


async def lasting(what: str, begin: Callable[[], Awaitable[None]]) -> None:
    """Returns when the work does. `what` it is, for the log."""
    failures = 0
    while True:
        began = monotonic()
        try:
            return await begin()
        except Exception:
            # Blind on purpose: what is known to go wrong is seen to inside.
            failures = failures + 1 if monotonic() - began < LONGEST_PAUSE else 1
            pause = min(LONGEST_PAUSE, doubled(FIRST_PAUSE, failures - 1))
            logger.exception("%s went wrong, and is begun again in %gs", what, pause)
            await asyncio.sleep(pause)
