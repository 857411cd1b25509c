"""The first step of a sleep: the question to the proxies, and what their answers come to.

Every proxy is asked about every door of the app. A door's answer counts for this drain when it names an epoch no older
than the drain: whatever was told since, the door has stayed closed.
"""

from typing import Protocol

from scaler.app import App, Drain
from scaler.idleness import Idleness
from scaler.lifecycle import Event
from scaler.needs import Needs
from scaler.proxies import Proxies, Proxy
from torpor import link
from torpor.clock import Clock

DRAIN_TIMEOUT = 5.0
"""Seconds for the proxies to acknowledge; much longer than the link's heartbeat, so only a stuck one misses it."""


class House(Protocol):
    """What a drain needs of the scaler."""

    clock: Clock
    proxies: Proxies
    needs: Needs
    idleness: Idleness

    def move(self, app: App, event: Event, *, reason: str = "") -> None:
        """Carry an event to the app."""


class Draining:
    """Knows no phase: whoever calls has found the app draining, and the lifecycle ignores what comes too late."""

    def __init__(self, house: House) -> None:
        self._house = house

    def question(self, app: App, *, forced: bool) -> Drain:
        """What goes out with the app's next view."""
        names = [proxy.name for proxy in self._house.proxies.live()]
        waiting = {(name, view) for name in names for view in app.spec.views}
        return Drain(waiting, forced, self._house.clock.now() + DRAIN_TIMEOUT, app.epoch + 1)

    def begin(self, app: App) -> None:
        """The question is out; it may be answered already."""
        if doubt := self._house.idleness.doubt():
            self._house.move(app, Event.BUSY, reason=doubt)
        else:
            self._decide(app)

    def answered(self, app: App, proxy: Proxy, message: link.Drained) -> None:
        """A proxy has closed its fast lane for a door, and says what is left."""
        if app.drain is None or message.epoch < app.drain.epoch:
            return
        if message.work.busy or message.work.held:
            self._house.move(app, Event.BUSY, reason=f"{message.work.busy} in flight, {message.work.held} held")
        else:
            app.drain.waiting.discard((proxy.name, message.app))
            self._decide(app)

    def joined(self, app: App, proxy: Proxy) -> None:
        """A proxy has come that may have something open from before: it is asked too."""
        if app.drain is not None:
            app.drain.waiting |= {(proxy.name, view) for view in app.spec.views}

    def gone(self, app: App, proxy: Proxy, *, clean: bool) -> None:
        """A proxy's link has ended. After a goodbye it forwards nothing any more; else whatever it said is in doubt."""
        if app.drain is None:
            return
        if clean:
            app.drain.waiting = {(name, view) for name, view in app.drain.waiting if name != proxy.name}
            self._decide(app)
        else:
            self._house.move(app, Event.BUSY, reason=f"proxy {proxy.name} is out of reach")

    def overdue(self, app: App, drain: Drain) -> None:
        """Time is up."""
        silent = ", ".join(sorted({name for name, _ in drain.waiting}))
        self._house.move(app, Event.BUSY, reason=f"proxy {silent} did not acknowledge")

    def _decide(self, app: App) -> None:
        house, drain = self._house, app.drain
        if drain is None or drain.waiting:
            return
        if users := house.needs.users(app.spec.id):
            house.move(app, Event.BUSY, reason=f"needed by {', '.join(users)}")
        elif busy := house.proxies.busy(app.spec.id):  # behind a door that was taken away
            house.move(app, Event.BUSY, reason=f"{busy} in flight")
        elif not drain.forced and not house.idleness.is_idle(app):
            house.move(app, Event.BUSY, reason="a visit has been there since")
        else:
            house.move(app, Event.DRAINED, reason="restarting it with its new settings" if app.outdated else "")
