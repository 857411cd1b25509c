"""What happens, told to those who want to know: the proxies, by view; operators, by event."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from scaler.app import App
from scaler.bus import Bus
from scaler.describe import view_of
from scaler.doors import whose
from scaler.status import AppStatus
from torpor import link
from torpor.clock import Clock
from torpor.words import AppId, Phase


class Telling:
    """Reads the apps; `status` describes one for operators."""

    def __init__(self, apps: Mapping[AppId, App], bus: Bus, clock: Clock, status: Callable[[AppId], AppStatus]) -> None:
        self._apps = apps
        self._bus = bus
        self._clock = clock
        self._status = status
        self.on_change: list[Callable[[AppId], None]] = []
        """Called with every view that is new, changed or gone; the link server sends it on."""

    def found(self, app: App, sentence: str) -> None:
        """An app is there. Of the many that were there before us nobody wants to read: their sentence is empty."""
        app.epoch += 1
        self.publish(app, "changed", sentence)
        self.views_changed(app.spec.views)

    def changed(self, app: App, sentence: str | None = None, *, gone: Iterable[AppId] = ()) -> None:
        """An app has come into another phase, as the sentence tells, or changed otherwise. `gone`: views it had."""
        app.epoch += 1
        self.publish(app, "phase" if sentence else "changed", sentence or f"{app.spec.id} has new settings")
        app.tell()
        self.views_changed([*gone, *app.spec.views])

    def moved(self, app: App) -> None:
        """It answers elsewhere: news for proxies alone."""
        app.epoch += 1
        self.views_changed(app.spec.views)

    def say(self, app: App, stage: str) -> None:
        """A wake tells what it does now."""
        if stage != app.stage and app.life.phase is Phase.WAKING:
            app.stage = stage
            app.epoch += 1
            self.publish(app, "progress", f"{app.spec.id}: {stage}")
            self.views_changed(app.spec.views)

    def publish(self, app: App, what: str, sentence: str) -> None:
        """Tell operators."""
        self._bus.publish(self._clock.wall(), what, self._status(app.spec.id), sentence)

    def views_changed(self, views: Iterable[AppId]) -> None:
        """Tell proxies."""
        for view in views:
            for listener in self.on_change:
                listener(view)

    def view(self, view: AppId) -> link.AppView | None:
        """A door of an app as its proxies see it; None when there is no such door any more."""
        app_id, door = whose(view)
        app = self._apps.get(app_id)
        return None if app is None or door not in app.spec.doors else view_of(app, door, self._clock.now())

    def routes(self, view: AppId) -> tuple[str, ...] | None:
        """What leads to a door of an app; None when there is no such door any more."""
        app_id, door = whose(view)
        app = self._apps.get(app_id)
        return None if app is None else app.spec.doors.get(door)

    def views(self) -> Iterator[link.AppView]:
        """All doors of all apps."""
        now = self._clock.now()
        for app in self._apps.values():
            for door in app.spec.doors:
                yield view_of(app, door, now)
