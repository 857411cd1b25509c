"""A scaler whose time, runtime and proxy are turned by hand."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from scaler.app import AppSpec
from scaler.proxies import Proxy
from scaler.requests import NOTHING, Requests
from scaler.scaler import Scaler
from scaler.standing import Standing
from tests.scaler.hand_runtime import HandRuntime
from torpor import link
from torpor.clock import HandClock
from torpor.schedule import NEVER, parse_schedule
from torpor.words import Phase


@dataclass
class House:
    """A scaler with a clock and a runtime turned by hand, and one proxy that acknowledges by hand."""

    scaler: Scaler
    runtime: HandRuntime
    clock: HandClock
    proxy: Proxy

    def add(
        self,
        app: str,
        *,
        idle: float = 300.0,
        needs: tuple[str, ...] = (),
        wake_timeout: float = 60.0,
        doors: Collection[str] = ("",),
        managed: bool = True,
        standing: Standing | None = None,
        requests: Requests = NOTHING,
        keep_awake: str = "",
        shadow: bool = False,
    ) -> None:
        policy = link.Policy(wake_timeout=wake_timeout)
        routes = {door: (f"{door}{app}.localhost",) for door in doors}
        hours = parse_schedule(keep_awake) if keep_awake else NEVER
        self.scaler.put(AppSpec(app, routes, policy, idle, needs, managed, requests, hours, shadow), standing=standing)

    def knock(self, app: str) -> None:
        self.scaler.links.knocked(link.Knock(app=app, method="GET", path="/", user_agent="curl", client="::1"))

    def report(self, view: str, *, in_flight: int = 0, busy: int | None = None, idle_for: float | None = 0.0) -> None:
        busy = in_flight if busy is None else busy
        work = link.Work(in_flight=in_flight, busy=busy, held=0, idle_for=idle_for)
        self.scaler.links.reported(self.proxy, view, work)

    def acknowledge(self, view: str, *, busy: int = 0, held: int = 0, idle_for: float | None = None) -> None:
        work = link.Work(in_flight=busy, busy=busy, held=held, idle_for=idle_for)
        message = link.Drained(app=view, epoch=self.view(view).epoch, work=work)
        self.scaler.links.drained(self.proxy, message)

    def view(self, view: str) -> link.AppView:
        found = self.scaler.telling.view(view)
        assert found is not None
        return found

    def phase(self, app: str) -> Phase:
        return self.scaler.status(app).phase

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.settle()

    async def asleep(self, app: str) -> None:
        """From awake, by an idle timeout of 300 seconds."""
        await self.advance(300)
        for view in self.scaler.apps[app].spec.views:
            self.acknowledge(view)
        await self.settle()
        assert self.phase(app) is Phase.ASLEEP

    async def awake(self, *apps: str) -> None:
        for app in apps:
            self.knock(app)
        await self.settle()
        assert all(self.phase(app) is Phase.AWAKE for app in apps)
