"""Apps that are managed no more: stopped when nothing is in flight, where that is wanted, and remembered until then.

Who comes back meanwhile goes on from where it was: a stop or a wake that is still under way is waited for, so that of
one app no two are ever under way at once, and what proxies have said of it before is not taken for an answer to
something new.
"""

import asyncio
from typing import Protocol

from scaler.app import App
from scaler.metrics import Metrics
from scaler.proxies import Proxies
from scaler.standing import Standing
from scaler.stopping import Stopping
from torpor.clock import Clock
from torpor.words import AppId, Phase

BEAT = 0.25
"""Seconds between two looks at what is still in flight."""


class House(Protocol):
    """What leaving needs of the scaler."""

    clock: Clock
    metrics: Metrics
    over: bool
    proxies: Proxies

    @property
    def tasks(self) -> asyncio.TaskGroup:
        """Where work that takes time belongs."""


class Leaving:
    """Costs nothing for apps that nothing is under way for."""

    def __init__(self, house: House, stopping: Stopping) -> None:
        self._house = house
        self._stopping = stopping
        self._apps: dict[AppId, App] = {}
        self._epoch = 0
        """The highest of any app that has left."""

    def begin(self, app: App, grace: float | None) -> None:
        """It has left. Without a grace what runs is left as it is."""
        self._epoch = max(self._epoch, app.epoch)
        idle = app.stopped.is_set() and (app.waking is None or app.waking.done())
        if self._house.over or (grace is None and idle):
            self._house.metrics.forget(app.spec.id)
            return
        self._apps[app.spec.id] = app
        self._house.tasks.create_task(self._leave(app, grace))

    def standing(self, app_id: AppId) -> Standing | None:
        """How one that comes back stands, where nobody has looked; None when it is down, or about to be."""
        app = self._apps.get(app_id)
        if app is None or app.life.phase not in (Phase.AWAKE, Phase.DRAINING) or not app.stopped.is_set():
            return None
        return Standing(up=True, addresses=app.addresses)

    def back(self, app: App) -> None:
        """It is there again, new: what is under way from before goes before what it begins."""
        app.epoch = max(app.epoch, self._epoch)
        if before := self._apps.pop(app.spec.id, None):
            app.stopped, app.waking = before.stopped, before.waking
            app.last_access = max(app.last_access or 0.0, before.last_access or 0.0) or None

    async def _leave(self, app: App, grace: float | None) -> None:
        if app.waking is not None:
            await asyncio.wait({app.waking})
        await app.stopped.wait()
        if grace is not None:
            await self._quiet(app, grace)
            if self._leaves(app):
                app.stopped.clear()
                await self._stopping.stop(app, "idle")
        if self._leaves(app):
            del self._apps[app.spec.id]
            self._house.metrics.forget(app.spec.id)

    async def _quiet(self, app: App, grace: float) -> None:
        clock, never = self._house.clock, asyncio.Event()
        end = clock.now() + grace
        while self._house.proxies.busy(app.spec.id) and clock.now() < end and self._leaves(app):
            await clock.wait(never, min(end, clock.now() + BEAT))

    def _leaves(self, app: App) -> bool:
        return self._apps.get(app.spec.id) is app
