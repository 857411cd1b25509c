"""How much room to hold for apps that wake: a pure look at those that sleep, and at what is held now.

One placeholder that gives way makes room for one pod, whichever app it is of, if it is as large as the largest of them
both in CPU and in memory. There are never more placeholders than pods that could come. Their size is changed when it is
too little, or more than `TOO_MUCH` times what is wanted, and not for every app that wakes and sleeps again. No clock is
looked at: all that counts is who sleeps.
"""

from collections.abc import Collection
from typing import NamedTuple

from scaler.requests import NOTHING, Requests

TOO_MUCH = 2


class Sleeper(NamedTuple):
    """An app that sleeps."""

    requests: Requests
    """Of one of its pods."""
    pods: int
    """How many a wake brings back."""


class Room(NamedTuple):
    """So many placeholders, and how large each of them is. As a bound: at most."""

    pods: int
    each: Requests


def decide(sleepers: Collection[Sleeper], most: Room, held: Room | None) -> Room:
    """What to hold from now on; `held` is what is held now."""
    asking = [sleeper for sleeper in sleepers if any(sleeper.requests)]
    each = _largest(asking, most.each)
    pods = min(most.pods, sum(sleeper.pods for sleeper in asking)) if any(each) else 0
    if held is not None and (pods == 0 or _fits(held.each, each, most.each)):
        each = held.each
    return Room(pods, each)


def _largest(sleepers: Collection[Sleeper], most: Requests) -> Requests:
    if not sleepers:
        return NOTHING
    return Requests(
        min(most.cpu, max(sleeper.requests.cpu for sleeper in sleepers)),
        min(most.memory, max(sleeper.requests.memory for sleeper in sleepers)),
    )


def _fits(held: Requests, wanted: Requests, most: Requests) -> bool:
    return all(
        least <= now <= min(limit, least * TOO_MUCH) for now, least, limit in zip(held, wanted, most, strict=True)
    )
