"""Shadow mode: an app stays awake, and it is measured when it would have slept.

Nobody else is told: its phase, what proxies know of it and what runs are as if there were no shadow. It would have
fallen asleep when the sweeper finds it idle for long enough, and have been woken by the next sign of use. An app that
needs others, and would be asleep, keeps none of them from sleeping that are in shadow mode too.
"""

from typing import Protocol

from scaler import patience
from scaler.app import App
from scaler.idleness import Idleness
from scaler.proxies import Proxies
from scaler.telling import Telling
from torpor.clock import Clock
from torpor.words import AppId, Phase


class House(Protocol):
    """What a shadow needs of the scaler."""

    apps: dict[AppId, App]
    clock: Clock
    proxies: Proxies
    idleness: Idleness
    telling: Telling

    def reckon(self, app: App) -> None:
        """Keep the books on it."""

    def look_again(self, app: App) -> None:
        """Something about it has changed."""


class Shadow:
    """Times are monotonic seconds."""

    def __init__(self, house: House) -> None:
        self._house = house

    def fall_asleep(self, app: App) -> None:
        """It is idle for long enough: in earnest it would be asked now what is open, and be asleep."""
        house, app_id = self._house, app.spec.id
        if house.proxies.busy(app_id):  # a crawler or a monitor, which would have called it off
            app.not_before = max(app.not_before, house.clock.now() + patience.CALLED_OFF_PAUSE)
            house.look_again(app)
            return
        app.shadow_since = house.clock.now()
        self._changed(app, f"{app_id} would go to sleep now: it is in shadow mode")

    def look(self, app: App) -> None:
        """End the shadow's sleep if something has used the app, or it is in shadow mode no more."""
        if app.shadow_since is not None and not self._sleeps(app, app.shadow_since):
            app.shadow_since = None
            self._changed(app, f"{app.spec.id} would be woken now: it is in shadow mode")

    def _sleeps(self, app: App, since: float) -> bool:
        house, spec = self._house, app.spec
        return (
            spec.shadow
            and not app.outdated
            and app.life.phase is Phase.AWAKE
            and not house.proxies.in_flight(spec.id)
            and not house.proxies.held(spec.id)
            and not house.idleness.users(app)
            and house.idleness.since(app) <= since
        )

    def _changed(self, app: App, sentence: str) -> None:
        self._house.reckon(app)
        self._house.telling.publish(app, "changed", sentence)
        for need in app.spec.needs:
            if need in self._house.apps:
                self._house.look_again(self._house.apps[need])
