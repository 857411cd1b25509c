"""The sweeper: looks at an app when something may be due, and at the proxies when a lease is over."""

import logging
from typing import Protocol

from scaler.app import App
from scaler.deadlines import Deadlines
from scaler.draining import Draining
from scaler.idleness import Idleness
from scaler.lifecycle import Event
from scaler.metrics import Metrics
from scaler.proxies import Proxies
from scaler.shadow import Shadow
from torpor.clock import Clock
from torpor.words import AppId, Phase

logger = logging.getLogger(__name__)

_RESTLESS = (Phase.AWAKE, Phase.FAILED)
"""The phases that end when nobody comes for long enough."""


class House(Protocol):
    """What the sweeper needs of the scaler."""

    apps: dict[AppId, App]
    clock: Clock
    metrics: Metrics
    proxies: Proxies
    idleness: Idleness
    draining: Draining
    shadow: Shadow

    def move(self, app: App, event: Event, *, reason: str = "") -> None:
        """Carry an event to the app."""


class Sweeper:
    """At most one look at each app is planned; it decides by the facts of its moment."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._deadlines: Deadlines[AppId | None] = Deadlines(house.clock)

    def __len__(self) -> int:
        """How many looks are planned."""
        return len(self._deadlines)

    def planned(self, app: AppId) -> float | None:
        """When it is looked at next."""
        return self._deadlines.get(app)

    async def run(self) -> None:
        """Sweep for ever."""
        async for key in self._deadlines.due():
            self._look(key)

    def schedule(self, app: App) -> None:
        """Look at the app again when something may be due; an earlier look already planned will do."""
        self._house.shadow.look(app)
        app_id = app.spec.id
        if app.drain:
            self._deadlines.set(app_id, app.drain.deadline)
        elif app.life.phase not in _RESTLESS or (at := self._house.idleness.sleeps_at(app)) is None:
            self._deadlines.cancel(app_id)
        elif (planned := self._deadlines.get(app_id)) is None or at < planned:
            self._deadlines.set(app_id, at)

    def schedule_all(self) -> None:
        """What holds for all apps has changed."""
        for app in self._house.apps.values():
            self.schedule(app)

    def cancel(self, app: AppId) -> None:
        """The app is gone."""
        self._deadlines.cancel(app)

    def leases_run(self) -> None:
        """It has changed which proxies are out of reach: they are to be forgotten in time."""
        if (at := self._house.proxies.next_forgotten) is None:
            self._deadlines.cancel(None)
        else:
            self._deadlines.set(None, at)

    def _look(self, key: AppId | None) -> None:
        house, now = self._house, self._house.clock.now()
        if key is None:
            self._forget_proxies()
        elif (app := house.apps.get(key)) and app.drain and now >= app.drain.deadline:
            house.draining.overdue(app, app.drain)
        elif app and app.life.phase in _RESTLESS:
            at = house.idleness.sleeps_at(app)
            if at is None or at > now:
                self.schedule(app)
            elif app.life.phase is Phase.FAILED:
                house.move(app, Event.IDLE, reason=f"nobody came after it failed: {app.reason}")
            elif app.spec.shadow and not app.outdated:
                house.shadow.fall_asleep(app)
            else:
                house.move(app, Event.IDLE)

    def _forget_proxies(self) -> None:
        house = self._house
        now = house.clock.now()
        for proxy in house.proxies.forget(now):
            house.metrics.system.lost()
            logger.warning("proxy %s is forgotten: nothing heard for %.0fs", proxy.name, now - (proxy.lost_at or now))
            for app_id in proxy.busy():
                if app := house.apps.get(app_id):
                    app.last_access = now  # in doubt it was in use until now
        self.leases_run()
        self.schedule_all()
