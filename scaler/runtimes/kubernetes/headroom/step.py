"""What to do about the placeholders now: a pure look at what was written last, what is there, and what is wanted.

That somebody else has changed them shows in their generation, which the API server counts up with every change of what
they are meant to be: what is higher than the one that our own write led to is another's doing, and what is lower is
older than it.
"""

from enum import Enum
from typing import NamedTuple

from scaler.patience import doubled
from scaler.runtimes.kubernetes.headroom.placeholders import Held
from scaler.runtimes.kubernetes.headroom.room import Room

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
QUIET = 900.0
"""Seconds after which what somebody has done once is no longer the beginning of a row."""


class Step(Enum):
    """What is to be done."""

    REST = "rest"
    WRITE = "write"
    MEND = "mend"
    """Write again what somebody else has changed or deleted."""
    LEAVE = "leave"
    """Something else has our name: it is let be."""


class Wrote(NamedTuple):
    """What our last write came to."""

    uid: str
    generation: int
    room: Room


class Row(NamedTuple):
    """How often in a row somebody has changed what is ours, and when last, in monotonic seconds."""

    times: int = 0
    at: float = 0.0

    def once_more(self, now: float) -> "Row":
        """Somebody has done it again."""
        return Row(self.times + 1 if self.times and now - self.at < QUIET else 1, now)

    @property
    def pause(self) -> float:
        """Seconds until it is mended."""
        return pause(self.times)


def pause(times: int) -> float:
    """Seconds to wait after the same trouble so often in a row."""
    return min(LONGEST_PAUSE, doubled(FIRST_PAUSE, times - 1))


def step(wrote: Wrote | None, there: Held | None, wanted: Room) -> Step:
    """`wrote` is None before the first write of a reign."""
    if there is not None and not there.ours:
        return Step.LEAVE
    if there is None:
        if not wanted.pods:
            return Step.REST
        return Step.WRITE if wrote is None else Step.MEND
    if there.leaving:
        return Step.REST
    if wrote is None:
        return Step.WRITE
    if there.uid != wrote.uid or there.generation > wrote.generation:
        return Step.MEND
    return Step.REST if wanted == wrote.room else Step.WRITE
