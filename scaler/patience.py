"""How long an app is left alone that would not stay asleep: plain arithmetic over what has happened to it.

A stop that is refused is tried again after a pause that doubles. An app that somebody scales up again right after it
was put to sleep, with no visit in between, was not wanted asleep: most often a GitOps controller that owns the replica
count puts back what its repository says. Once may be chance, and a person may do it by hand; from the third time in a
row on Torpor backs off, so that the two do not go on taking turns.
"""

CALLED_OFF_PAUSE = 5.0
"""Seconds before a sleep that was called off without a new visit is tried again."""
LONGEST_PAUSE = 3600.0
REVERTED_WITHIN = 180.0
"""Seconds after a sleep within which scaling it up again counts as undoing it: as long as Argo CD takes to look."""
ENOUGH = 3
FIRST_PAUSE = 300.0
"""Seconds in which an app that was put back so often is not put to sleep; doubled each further time."""


def after_refusals(refusals: int) -> float:
    """Seconds before an app is stopped again whose stop was refused so often in a row."""
    return _doubled(CALLED_OFF_PAUSE, refusals - 1)


def is_revert(slept_at: float | None, now: float) -> bool:
    """Whether scaling up now an app that has slept since, unvisited, undoes the sleep."""
    return slept_at is not None and now - slept_at < REVERTED_WITHIN


def after_reverts(reverts: int) -> float:
    """Seconds in which an app is left awake whose sleep was undone so often in a row."""
    return _doubled(FIRST_PAUSE, reverts - ENOUGH) if reverts >= ENOUGH else 0.0


def _doubled(first: float, times: int) -> float:
    return min(LONGEST_PAUSE, first * 2.0 ** max(0, min(times, 20)))
