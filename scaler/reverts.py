"""Sleeps that somebody else undoes, and for how long to leave such an app awake.

An app that is scaled up again right after it was put to sleep, with no visit in between, was not wanted asleep: most
often a GitOps controller that owns the replica count puts back what its repository says. Once may be chance, and a
person may do it by hand; from the third time in a row on the app is left alone for a while, so that the two do not go
on taking turns.
"""

from collections.abc import Callable

from scaler.patience import doubled
from torpor.duration import format_duration
from torpor.words import AppId

SOON = 180.0
"""Seconds after a sleep within which scaling up undoes it: as long as Argo CD and Flux take to look, at most."""
ENOUGH = 3
FIRST_PAUSE = 300.0
"""Seconds in which an app is left awake whose sleep was undone so often; doubled each further time."""

type Reverted = Callable[[AppId, int, str], None]
"""Told of an app that is left awake for a while: how often in a row its sleep was undone, and by whom or what."""


def undone(before: int, slept_at: float | None, now: float) -> int:
    """How often in a row sleeps were undone, now that an app is scaled up that has slept unvisited since `slept_at`."""
    return before + 1 if slept_at is not None and now - slept_at < SOON else 0


def pause_after(times: int) -> float:
    """Seconds in which an app is left awake whose sleep was undone so often in a row."""
    return doubled(FIRST_PAUSE, times - ENOUGH) if times >= ENOUGH else 0.0


def sentence(times: int, by: str) -> str:
    """Why it is left awake, for people; empty when it is not."""
    pause = pause_after(times)
    return f"left awake for {format_duration(pause)}, since its last {times} sleeps were undone: {by}" if pause else ""
