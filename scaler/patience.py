"""How long to wait before a sleep is tried again that did not come about: plain arithmetic."""

CALLED_OFF_PAUSE = 5.0
"""Seconds before a sleep that was called off without a new visit is tried again."""
LONGEST_PAUSE = 3600.0


def after_refusals(refusals: int) -> float:
    """Seconds before an app is stopped again whose stop was refused so often in a row."""
    return doubled(CALLED_OFF_PAUSE, refusals - 1)


def doubled(first: float, times: int) -> float:
    """A pause of so many seconds, doubled so many times, up to an hour."""
    return min(LONGEST_PAUSE, first * 2.0 ** max(0, min(times, 20)))
