"""A runtime turned by hand, for tests of decisions: nothing starts unless the test says so.

The real runtimes have tests of their own, and the black-box tests use real processes throughout.
"""

import asyncio
from collections import defaultdict

from scaler.logs.line import Line, Source
from scaler.runtime import Addresses, Say, StartFailed, TakeLines
from scaler.tally import Tally
from torpor.words import Address, AppId

HERE: Addresses = {"": (Address("127.0.0.1", 4000),)}


class HandRuntime:
    """Starts end at once, unless `slow`; `broken` maps apps to the reason why they fail."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.slow = False
        self.broken: dict[AppId, str] = {}
        self.running: set[AppId] = set()
        self.addresses: Addresses = HERE
        """Where apps answer that are started."""
        self.gates: dict[AppId, asyncio.Event] = defaultdict(asyncio.Event)
        """With `slow`, a start goes on when its gate is set."""
        self.stopping: asyncio.Event | None = None
        """When set to an event, stops wait for it."""
        self.refusing: dict[AppId, Exception] = {}
        """What stops raise."""
        self.counts: dict[AppId, int] = {}
        """How many run when an app is awake; 1 where it is not said."""
        self.remembered: dict[AppId, float | None] = {}
        """The last access that a stop was given."""
        self.written: asyncio.Queue[Line] = asyncio.Queue()
        """The output of whatever is followed."""
        self.saved: dict[AppId, Tally | None] = {}
        """What it was told of the sleeps before."""

    async def start(self, app: AppId, say: Say) -> Addresses:
        self.log.append(f"start {app}")
        say(f"starting {app}")
        try:
            if self.slow:
                await self.gates[app].wait()
        except asyncio.CancelledError:
            self.log.append(f"give up {app}")
            raise
        if app in self.broken:
            raise StartFailed(self.broken[app])
        self.running.add(app)
        return self.addresses

    async def stop(self, app: AppId, *, last_access: float | None, saved: Tally | None = None) -> None:
        if self.stopping:
            await self.stopping.wait()
        if app in self.refusing:
            self.log.append(f"refuse {app}")
            raise self.refusing[app]
        self.remembered[app], self.saved[app] = last_access, saved
        self.running.discard(app)
        self.log.append(f"stop {app}")

    def replicas(self, app: AppId) -> int:
        return int(app in self.running)

    def replicas_awake(self, app: AppId) -> int:
        return self.counts.get(app, 1)

    async def log_tail(self, app: AppId, lines: int, since: str = "") -> list[Line]:
        return [Line("", Source(), f"the log of {app}")][:lines]

    async def follow(self, app: AppId, take: TakeLines, lines: int | None, since: str) -> None:
        """What is put into `written`."""
        self.log.append(f"follow {app} {lines} {since}".strip())
        try:
            while True:
                take([await self.written.get()])
        finally:
            self.log.append(f"follow {app} no more")
