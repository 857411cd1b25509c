"""What proxies say, put into words of apps: they speak of views, each one door of an app (scaler/doors.py)."""

import logging
from typing import Protocol

from scaler.app import App
from scaler.bus import Bus
from scaler.doors import whose
from scaler.draining import Draining
from scaler.lifecycle import Event
from scaler.metrics import Metrics
from scaler.proxies import Proxies, Proxy
from scaler.sweeping import Sweeper
from scaler.telling import Telling
from torpor import link
from torpor.clock import Clock
from torpor.words import AppId, Cause, Phase

logger = logging.getLogger(__name__)


class House(Protocol):
    """What proxies' words need of the scaler."""

    apps: dict[AppId, App]
    bus: Bus
    clock: Clock
    metrics: Metrics
    proxies: Proxies
    draining: Draining
    sweeper: Sweeper
    telling: Telling

    def move(self, app: App, event: Event, *, cause: Cause | None = None, reason: str = "") -> None:
        """Carry an event to the app."""


class Links:
    """A word costs as much as the app it is about; only the coming and going of a proxy looks at all of them."""

    def __init__(self, house: House) -> None:
        self._house = house

    def connected(self, name: str, engine: str, *, age: float = 0.0, alone: float = 0.0) -> Proxy:
        """A proxy is there that has run for so long: sleeping is possible again, so deadlines are looked at anew."""
        house = self._house
        started_at = house.clock.now() - max(0.0, age)
        proxy = house.proxies.connect(name, engine, started_at=started_at, alone=max(0.0, alone))
        self.heard(proxy)
        logger.info("proxy %s (%s) is connected", name, engine)
        for app in house.apps.values():
            house.draining.joined(app, proxy)
            house.sweeper.schedule(app)
        house.sweeper.leases_run()
        return proxy

    def disconnected(self, proxy: Proxy, *, clean: bool, silent: bool = False) -> None:
        """A proxy's link has ended; unless it said goodbye it counts as out of reach for a while. `silent`: it has said
        nothing for a whole lease."""
        house, now = self._house, self._house.clock.now()
        house.proxies.disconnect(proxy, now, clean=clean, silent=silent)
        logger.info("proxy %s %s", proxy.name, "has gone" if clean else "is out of reach")
        for app in [app for app in house.apps.values() if app.drain]:
            house.draining.gone(app, proxy, clean=clean)
        house.sweeper.leases_run()

    def heard(self, proxy: Proxy, load: link.Load | None = None) -> None:
        """A proxy has said something; perhaps how full its engine is."""
        proxy.heard_at = self._house.clock.now()
        proxy.load = load or proxy.load

    def reported(self, proxy: Proxy, view: AppId, work: link.Work) -> None:
        """Activity at one door of an app in one proxy."""
        house = self._house
        seen = house.proxies.report(proxy, view, work, house.clock.now())
        app = house.apps.get(whose(view)[0])
        if app is None:
            return
        if seen.last_access is not None:
            app.last_access = max(app.last_access or 0.0, seen.last_access)
        if app.life.phase is Phase.AWAKE:
            house.sweeper.schedule(app)
        if house.bus.activity_wanted:
            house.telling.publish(app, "activity", "")

    def counted(self, view: AppId, counts: link.Counts) -> None:
        """What became of visits since the last report; of none in particular where the view is empty."""
        app, _ = whose(view)
        known = app in self._house.apps
        if known or not app:
            for key, number in counts.requests.items():
                lane, _, outcome = key.partition(" ")
                self._house.metrics.requests(app, lane, outcome, number)
        for seconds in counts.hold_seconds:
            self._house.metrics.hold(seconds, app if known else "")

    def knocked(self, knock: link.Knock) -> None:
        """A visit that counts has come for an app that its proxy cannot forward to."""
        if app := self._house.apps.get(whose(knock.app)[0]):
            cause = Cause("visit", knock.method, knock.path, knock.user_agent, knock.client)
            self._house.move(app, Event.KNOCK, cause=cause, reason=f"a visit called it off: {cause}")

    def refused(self, down: link.Down) -> None:
        """An address refused a connection. The runtime knows better whether it lives; this is for people to read."""
        app = self._house.apps.get(whose(down.app)[0])
        if app and app.life.phase is Phase.AWAKE and not app.refused:
            app.refused = True
            text = f"{down.app} refuses connections at {down.address}: {down.error}"
            self._house.telling.publish(app, "progress", text)

    def drained(self, proxy: Proxy, message: link.Drained) -> None:
        """A proxy has closed its fast lane for a door of an app, and says what is left."""
        self.reported(proxy, message.app, message.work)
        if app := self._house.apps.get(whose(message.app)[0]):
            self._house.draining.answered(app, proxy, message)
