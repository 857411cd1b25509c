"""When a set expires that nobody uses: a pure decision over its objects and what is known of its apps.

In doubt it stays: while it is not known who uses an app, while one is in use, and when its mark is gone.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scaler.applier.members import Member

NOTICE = 0.1
"""The part of the time before its end in which people are told that it comes,"""
LONGEST_NOTICE = 86_400.0
"""and how long that is at most, in seconds."""


class Use(NamedTuple):
    """What is known of one app of the set."""

    last: float | None
    """Unix seconds."""
    now: bool
    """It is in use, or may be for all that is known."""


class Expiry(NamedTuple):
    """When it is over if nobody comes until then, and from when on people are told. Unix seconds."""

    at: float
    notice_at: float
    waits: bool = False
    """Not before something has ended: a use, or the doubt whether there is one."""


def expiry(members: Iterable[Member], uses: Sequence[Use | None]) -> Expiry | None:
    """None: it does not expire. A use of None is one that nobody measures."""
    marked = [
        (one.expires_in, one.applied_at)
        for one in members
        if one.ours and one.expires_in is not None and one.applied_at is not None
    ]
    known = [use for use in uses if use is not None]
    if not marked or len(known) < len(uses):
        return None
    period = max(period for period, _ in marked)
    since = max(at for _, at in marked)
    at = max([since, *(use.last for use in known if use.last is not None)]) + period
    return Expiry(at, at - min(period * NOTICE, LONGEST_NOTICE), any(use.now for use in known))
