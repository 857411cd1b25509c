"""What to do with a visit, as a pure function: who comes, how the app stands, how long it has waited already."""

from enum import Enum, auto
from typing import NamedTuple

from proxy.visit import Visit
from proxy.visitors import is_favicon, is_prefetch
from torpor.link import AppView
from torpor.words import PageMode, Phase, Visitor

UNKNOWN_HOLD = 3.0
"""Seconds a person waits for an app that has never been woken before; then it counts as slow."""
MARGIN = 1.0
"""Seconds a program waits beyond the wake timeout, so that it hears the reason and not just that time is up."""


class Choice(Enum):
    """What the doorman does."""

    FORWARD = auto()
    HOLD = auto()
    WAITING_PAGE = auto()
    ASLEEP = auto()
    FAILED = auto()
    TIMED_OUT = auto()
    NO_LINK = auto()


class Decision(NamedTuple):
    """A choice; for HOLD, how many seconds more before the visit must be looked at again."""

    choice: Choice
    patience: float = 0.0


class Standing(NamedTuple):
    """An app and its link at the moment of deciding. Durations in seconds."""

    view: AppView
    linked: bool
    waking_for: float
    retry_in: float


def decide(visit: Visit, visitor: Visitor, standing: Standing, waited: float) -> Decision:
    """What to do with a visit that has waited for so long."""
    view = standing.view
    if view.addresses and (view.phase is Phase.AWAKE or not standing.linked):
        return Decision(Choice.FORWARD)  # unlinked: the last known address is tried; if it refuses, the visit is held
    if view.phase is not Phase.AWAKE and not wakes(visit, visitor, view):
        return Decision(Choice.ASLEEP)
    if view.phase is Phase.FAILED and standing.retry_in > 0:
        return Decision(Choice.FAILED)
    pages = _may_see_pages(visit, visitor, view)
    limit = _hold(standing, waited) if pages else view.policy.wake_timeout + MARGIN
    if waited < limit:
        return Decision(Choice.HOLD, limit - waited)
    if not standing.linked:
        return Decision(Choice.NO_LINK)
    return Decision(Choice.WAITING_PAGE if pages else Choice.TIMED_OUT)


def wakes(visit: Visit, visitor: Visitor, view: AppView) -> bool:
    """Whether the visit wakes the app and counts as activity."""
    return visitor in view.policy.wake_for and not is_prefetch(visit) and not is_favicon(visit)


def _may_see_pages(visit: Visit, visitor: Visitor, view: AppView) -> bool:
    """A page instead of the answer is only for a person who looks, and never costs a body."""
    return visitor is Visitor.PERSON and visit.method in ("GET", "HEAD") and view.policy.page is not PageMode.NEVER


def _hold(standing: Standing, waited: float) -> float:
    """Seconds a person waits before the waiting page."""
    policy, usual = standing.view.policy, standing.view.usual_wake
    if policy.page is PageMode.ALWAYS:
        return 0.0
    if standing.view.phase is Phase.AWAKE:
        return policy.hold  # nothing is being woken: it is between two addresses
    if usual is None:
        return min(UNKNOWN_HOLD, policy.hold)
    left_at_arrival = usual - max(0.0, standing.waking_for - waited)
    return policy.hold if left_at_arrival <= policy.hold else 0.0
