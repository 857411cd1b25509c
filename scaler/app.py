"""All that the scaler knows of one app, in one place, without any behaviour of its own beyond reading it."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from statistics import median

from scaler.lifecycle import Life
from torpor.link import Policy
from torpor.words import Address, AppId, Cause

HISTORY = 10
"""Wakes that count for how long a wake usually takes."""


@dataclass(frozen=True, slots=True)
class AppSpec:
    """What an operator has written about an app, as far as the scaler cares. Durations in seconds."""

    id: AppId
    hosts: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)
    idle_timeout: float = 300.0
    """0 is never."""
    needs: tuple[AppId, ...] = ()


@dataclass(slots=True)
class Drain:
    """The question that is out to the proxies, and who has not answered yet."""

    waiting: set[str]
    forced: bool
    """An operator asked: it need not have been idle for long, only have nothing open."""
    deadline: float


@dataclass(slots=True)
class App:
    """An app and where it stands. Times are monotonic seconds."""

    spec: AppSpec
    life: Life
    epoch: int = 0
    addresses: tuple[Address, ...] = ()
    cause: Cause | None = None
    reason: str = ""
    stage: str = ""
    last_access: float | None = None
    not_before: float = 0.0
    """It is not put to sleep before this: a sleep was just called off."""
    wakes: deque[float] = field(default_factory=lambda: deque(maxlen=HISTORY))
    drain: Drain | None = None
    lost: str | None = None
    """What ran has ended by itself while it was still being woken."""
    sleeps: int = 0
    """How often it has been put to sleep."""
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
