"""All that the scaler knows of one app, in one place, without any behaviour of its own beyond reading it."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from statistics import median

from scaler.doors import view_id
from scaler.lifecycle import Life
from scaler.requests import NOTHING, Requests
from scaler.runtime import Addresses
from torpor.link import Policy
from torpor.schedule import NEVER, Schedule
from torpor.words import AppId, Cause

HISTORY = 10
"""Wakes that count for how long a wake usually takes."""


@dataclass(frozen=True, slots=True)
class AppSpec:
    """What an operator has written about an app, as far as the scaler cares. Durations in seconds."""

    id: AppId
    doors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The routes that lead to each door (scaler/doors.py), in the words of torpor/routes.py."""
    policy: Policy = field(default_factory=Policy)
    idle_timeout: float = 300.0
    """0 is never."""
    needs: tuple[AppId, ...] = ()
    managed: bool = True
    """Else visits are forwarded to it, and it is neither woken nor put to sleep."""
    requests: Requests = NOTHING
    """Of one replica."""
    keep_awake: Schedule = NEVER
    """When it is not put to sleep for being idle."""
    shadow: bool = False
    """It is only measured when it would sleep; see scaler/shadow.py."""
    team: str = ""
    """Whose it is, for sums; empty where nobody has said."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every route, once, whichever door it leads to."""
        return tuple(dict.fromkeys(chain.from_iterable(self.doors.values())))

    @property
    def views(self) -> list[AppId]:
        """What proxies call its doors."""
        return [view_id(self.id, door) for door in self.doors]


@dataclass(slots=True)
class Drain:
    """The question that is out to the proxies, and who has not answered yet."""

    waiting: set[tuple[str, AppId]]
    """Proxies by name, each with a view that it has not acknowledged."""
    forced: bool
    """An operator asked: it need not have been idle for long, only have nothing open."""
    deadline: float
    epoch: int
    """Of the first view that told of it; an answer to an older one is about something else."""


@dataclass(slots=True)
class App:
    """An app and where it stands. Times are monotonic seconds."""

    spec: AppSpec
    life: Life
    epoch: int = 0
    addresses: Addresses = field(default_factory=dict)
    """Where it answers; while a stop is under way the last ones known, since that may be refused."""
    addressed_at: float = 0.0
    """When they last changed."""
    cause: Cause | None = None
    reason: str = ""
    stage: str = ""
    last_lines: tuple[str, ...] = ()
    """What it has written during its last wake, for its waiting page; empty unless that is wanted."""
    last_access: float | None = None
    found: bool = False
    """It was up already when this scaler first saw it, and has not slept since."""
    not_before: float = 0.0
    """It is not put to sleep before this: a sleep was just called off."""
    wakes: deque[float] = field(default_factory=lambda: deque(maxlen=HISTORY))
    shadow_since: float | None = None
    """Since when it would be asleep if it were not in shadow mode."""
    drain: Drain | None = None
    lost: str | None = None
    """What ran has ended by itself while it was still being woken."""
    sleeps: int = 0
    """How often it has been put to sleep."""
    slept_at: float | None = None
    """When its last stop began; None when that was refused."""
    taken: bool = False
    """Since its last stop began it was seen scaled to nothing, by that stop or by somebody else."""
    kept: str = ""
    """Why its last stop was refused."""
    refusals: int = 0
    """Stops refused in a row."""
    reverts: int = 0
    """How often in a row somebody scaled it up again right after it was put to sleep."""
    refused: bool = False
    """A proxy could not connect to it since it was woken."""
    outdated: bool = False
    """What runs is not what is configured any more: it sleeps as soon as nothing is open."""
    waking: asyncio.Task[None] | None = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while nothing is being stopped."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once at the next change, then replaced: a broadcast."""

    def __post_init__(self) -> None:
        self.stopped.set()

    @property
    def usual_wake(self) -> float | None:
        """Seconds that a wake usually takes, by its own history."""
        return median(self.wakes) if self.wakes else None

    def tell(self) -> None:
        """Wake everyone who waits for a change."""
        self.changed.set()
        self.changed = asyncio.Event()
