"""Whether somebody else has scaled a workload: a pure look at what it was and what it is.

What we wrote ourselves comes back through the watch, behind older news of the same workload. News is older than our own
write when its generation is smaller than the one that our write led to, and says nothing then.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from scaler.runtimes.kubernetes.objects.workload import Workload


class Hand(Enum):
    """What somebody has done."""

    NOTHING = "nothing"
    UP = "up"
    """Scaled from zero."""
    DOWN = "down"
    """Scaled to zero."""
    DEPLOYED = "deployed"
    """A new revision that brings a replica count along: meant to be there, not to be up now."""


@dataclass(frozen=True, slots=True)
class Last:
    """The last that is known of a workload: heard of, or written."""

    replicas: int
    template: str
    """Tells revisions apart."""
    generation: int = 0
    """Of our own last write; what has a smaller one is older than it."""
    remembered: int | None = None
    """The count that we wrote down when we scaled it to zero, until news has brought that back."""

    def wrote(self, replicas: int, generation: int, remembered: int | None = None) -> Self:
        """We have written this count."""
        return replace(self, replicas=replicas, generation=generation, remembered=remembered)


def look(last: Last, now: Workload) -> tuple[Hand, Last]:
    """What has happened since, and what to know from now on."""
    if now.generation < last.generation:
        return Hand.NOTHING, last
    known = Last(now.replicas, now.template, last.generation)
    if bool(last.replicas) == bool(now.replicas):
        return Hand.NOTHING, known
    if not now.replicas:
        return Hand.DOWN, known
    return (Hand.UP if last.template == now.template else Hand.DEPLOYED), known
