"""How an app was found when this scaler first saw it: scalers come and go, and what they look after goes on."""

from dataclasses import dataclass, field

from scaler.app import App, AppSpec
from scaler.lifecycle import Life
from scaler.runtime import Addresses
from scaler.tally import Tally
from torpor.clock import Clock
from torpor.words import Phase


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a workload that was there before."""

    up: bool
    last_access: float | None = None
    """Unix seconds, as some scaler before has written it down; None where none has."""
    addresses: Addresses = field(default_factory=dict)
    """Where it answers, as far as that has been seen."""
    saved: Tally | None = None
    """By its sleeps, as some scaler before has written it down; without the one that lasts."""
    asleep_since: float | None = None
    """Unix seconds; None where it is up, or nobody knows."""


def found(spec: AppSpec, standing: Standing | None, clock: Clock) -> App:
    """The app as it stands now; without a word on that it sleeps.

    The idle clock goes on from what is remembered, and what the proxies tell later can only move it forward. An app
    that is up and of which nothing is remembered counts as used just now.
    """
    now = clock.now()
    standing = standing or Standing(up=False)
    up = standing.up or not spec.managed
    remembered, wall = standing.last_access, clock.wall()
    used = None if remembered is None else now - (wall - min(wall, max(0.0, remembered)))
    return App(
        spec,
        Life(Phase.AWAKE if up else Phase.ASLEEP, since=now),
        addresses=standing.addresses if up else {},
        addressed_at=now,
        last_access=now if up and used is None else used,
        found=up,
    )
