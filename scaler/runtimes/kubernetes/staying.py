"""The word that nobody is to be put to sleep for a while: written on the scalers' Lease by whoever takes Torpor away.

It says until when, so that it wears off by itself where Torpor stays after all. A time farther away than any that is
written is no such word: whatever stands there, nobody is kept awake for ever by it.
"""

from datetime import UTC, datetime

FARTHEST = 3600.0
"""Seconds ahead that are believed; far more than clocks of a cluster differ and a rouse takes."""


def written(until: float) -> str:
    """A time in Unix seconds, as it is written."""
    return datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def seconds(said: str, wall: float) -> float:
    """How long nobody is to be put to sleep, as of the time of day `wall`; 0 where nothing sensible is said."""
    try:
        until = datetime.fromisoformat(said) if 0 < len(said) <= 40 else None
        left = until.timestamp() - wall if until is not None and until.tzinfo is not None else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return left if 0 < left <= FARTHEST else 0.0
