"""Ends uploads that have stalled. HAProxy does not: while an app has not begun to answer it waits for the app alone.

(`timeout client` does not run then when there is a `timeout server`, and that one must let an app think for long.) So
this looks at the sessions now and then. What is ended: a request whose body has hardly come further, whose app
has taken all of it that is there, and has not begun to answer. A stream both ways may be quiet in one of them.
"""

import asyncio
import logging
import random
import re
import time
from collections.abc import Sequence
from itertools import batched

from proxy.haproxy.runtime import RuntimeSocket
from proxy.lanes import LaneError

logger = logging.getLogger(__name__)

LEAST = 1024
"""Bytes by which a body has to come further. One that trickles would otherwise last for ever."""
AT_ONCE = 2000
"""Sessions looked at closely in one round: the suspicious ones first, then others, each time others."""
BATCH = 50
"""Of them in one command."""
BODY = 0x8000
"""HAProxy's bit for what passes on a request's body."""

_SESSION = re.compile(r"^(0x[0-9a-f]+): proto=.* fe=visitors be=apps .*? age=(\w+) .*? rq\[.*?,an=(\w+)h", re.MULTILINE)
_CLOSELY = re.compile(
    r"(0x[0-9a-f]+): (\[.*?\] id=\d+) .*? req\.st=MSG_DATA rsp\.st=MSG_RPBEFORE "
    r".*?\n +req=.*? total=(\d+).*?\n +htx=.*? data=(\d+)",
    re.DOTALL,
)
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


class Uploads:
    """The uploads under way, as far as they are suspicious."""

    def __init__(self, runtime: RuntimeSocket, patience: float) -> None:
        """`patience`: seconds that a body may take to come further by `LEAST` bytes."""
        self._runtime = runtime
        self._patience = patience
        self._came: dict[str, tuple[str, int, float]] = {}
        """By session: its name, the bytes that it had brought, and when that was first seen."""

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(self._patience / 2)
            try:
                await self.look()
            except LaneError as error:
                logger.debug("uploads cannot be looked at: %s", error)

    async def look(self) -> None:
        """One round. Raises LaneError."""
        old = {
            pointer
            for pointer, age, analysers in _SESSION.findall(await self._runtime.ask("show sess"))
            if int(analysers, 16) & BODY and _seconds(age) + 1 >= self._patience / 2
        }
        known = [pointer for pointer in self._came if pointer in old][:AT_ONCE]
        others = sorted(old.difference(known))
        others = random.sample(others, min(AT_ONCE - len(known), len(others)))
        before, self._came = self._came, {}
        for some in batched([*known, *others], BATCH, strict=False):
            await self._look_closely(some, before)

    async def _look_closely(self, sessions: Sequence[str], before: dict[str, tuple[str, int, float]]) -> None:
        said = await self._runtime.ask("; ".join(f"show sess {pointer}" for pointer in sessions))
        now = time.monotonic()
        for told in re.split(r"^(?=0x)", said, flags=re.MULTILINE):
            if (found := _CLOSELY.match(told)) is None or int(found[4]):
                continue
            pointer, name, total = found[1], found[2], int(found[3])
            was = before.get(pointer)
            if was is None or was[0] != name or total - was[1] >= LEAST:
                was = (name, total, now)
            if now - was[2] < self._patience:
                self._came[pointer] = was
            else:
                await self._runtime.ask(f"shutdown session {pointer}")
                logger.info("an upload that has stalled is ended")


def _seconds(age: str) -> int:
    return sum(int(count) * _SECONDS[unit] for count, unit in re.findall(r"(\d+)([dhms])", age))
