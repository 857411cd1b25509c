"""Who leads, as a pure function: what is known of the Lease and the time, to what is to be done now.

Theory
------
A Lease names its holder. Every write by its holder is a sign of life; a write takes only if nobody has written since
the writer looked (resourceVersion). No two clocks are ever compared, only two moments of one clock:

    a candidate  counts `duration` seconds from the moment when *it* saw the last write, and then takes the Lease over
    the leader   counts `give_up` seconds from the moment when *it sent* the last write that took, and then stops

A write is sent before anybody can see it, and `give_up` is shorter than `duration`: so the leader has stopped before a
candidate may begin, whatever either of them has not heard. A candidate that missed a write fails when it tries. That a
write took the leader may also see from the Lease itself, where the answer has not come.

A Lease that was let go of names nobody, and is free at once. One that somebody deletes is not: the candidates wait as
if it were still there, and its holder, who sees it too, stops. Times are seconds of one machine's clock.
"""

from dataclasses import dataclass
from enum import StrEnum

LONGEST = 60.0
"""Seconds for which a Lease is believed, whatever somebody has written into it."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a holder that is not heard of keeps its Lease, and how the holder sees to it that it is heard of."""

    duration: int = 6
    """Whole seconds: it is written into the Lease."""
    renew: float = 2.0
    retry: float = 0.5
    give_up: float = 4.5

    def __post_init__(self) -> None:
        if not 0 < self.retry <= self.renew < self.give_up < self.duration <= LONGEST:
            raise ValueError(f"retry ≤ renew < give_up < duration ≤ {LONGEST:g}: {self}")


@dataclass(frozen=True, slots=True)
class Record:
    """A Lease as it was read."""

    version: str
    holder: str
    duration: float
    terms: int
    """How often it has gone from one holder to another."""
    renewed: str = ""
    """The holder's time of day at its last write, by which it knows a write of its own again."""
    stay: str = ""
    """Until when nobody is to be put to sleep, as somebody has written it; see `staying`."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The last that was seen of it, and when it is free for others."""

    record: Record | None
    """None: there is none."""
    free_at: float


class Step(StrEnum):
    """What is to be done."""

    CREATE = "create"
    TAKE = "take"
    RENEW = "renew"
    WAIT = "wait"
    STOP = "stop"  # leading


def sighted(before: Sight | None, record: Record | None, now: float) -> Sight:
    """What is known after a look at the Lease."""
    if record is None:
        return Sight(None, before.free_at if before else now)
    if before is not None and before.record == record:
        return before
    return Sight(record, now + record.duration if record.holder else now)


def candidate(sight: Sight | None, me: str, now: float) -> tuple[Step, float | None]:
    """What somebody does who does not lead, and when to ask again if it is to wait (None: when something is seen)."""
    if sight is None:
        return Step.WAIT, None
    if sight.record is not None and sight.record.holder == me:
        return Step.TAKE, None  # a write of ours took although we did not hear so, or we had stopped
    if now < sight.free_at:
        return Step.WAIT, sight.free_at
    return (Step.CREATE if sight.record is None else Step.TAKE), None


def leader(
    sight: Sight | None, me: str, *, sure_since: float, tried_at: float, timing: Timing, now: float
) -> tuple[Step, float | None]:
    """What the leader does, and when to ask again if it is to wait. `sure_since` is when it sent the last write that
    took, `tried_at` when it sent the last one."""
    if now >= sure_since + timing.give_up:
        return Step.STOP, None
    if sight is None or sight.record is None or sight.record.holder != me:
        return Step.STOP, None
    due = min(sure_since + timing.give_up, max(sure_since + timing.renew, tried_at + timing.retry))
    return (Step.RENEW, None) if now >= due else (Step.WAIT, due)
