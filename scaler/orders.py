"""What operators ask: an app awake now, or asleep. Who asks waits for the end, or for this scaler's own."""

from typing import Protocol

from scaler.app import App
from scaler.errors import NotManaged, SleepRefused, WakeFailed
from scaler.lifecycle import Event
from scaler.needs import UP, Needs
from torpor.clock import Clock
from torpor.words import AppId, Cause, Phase

SHADOW = "it is in shadow mode, in which nobody is put to sleep"
OVER = "this scaler leads no more; ask again"


class House(Protocol):
    """What an order needs of the scaler."""

    apps: dict[AppId, App]
    clock: Clock
    needs: Needs
    over: bool

    def move(
        self, app: App, event: Event, *, cause: Cause | None = None, reason: str = "", forced: bool = False
    ) -> None:
        """Carry an event to the app."""


async def wake(house: House, app_id: AppId, cause: Cause) -> None:
    """Wake an app and return when it is awake. Raises KeyError, WakeFailed, NotManaged."""
    app = _managed(house, app_id)
    house.move(app, Event.INSIST, cause=cause, reason=f"called off: {cause}")
    while app.life.phase is Phase.WAKING:
        await app.changed.wait()
        if house.apps.get(app_id) is not app:
            raise WakeFailed("it is managed no more")
        if house.over:
            raise WakeFailed(OVER)
    if app.life.phase not in UP:
        raise WakeFailed(app.reason, max(0.0, app.life.retry_at - house.clock.now()))
    app.last_access = house.clock.now()


async def sleep(house: House, app_id: AppId) -> None:
    """Put an app to sleep by the same two steps as the sweeper, now. Raises KeyError, SleepRefused, NotManaged."""
    app = _managed(house, app_id)
    if app.spec.shadow:
        raise SleepRefused(SHADOW)
    if app.life.phase is Phase.WAKING:
        raise SleepRefused("it is waking; try again when it is awake")
    if users := house.needs.users(app_id):
        raise SleepRefused(f"needed by {', '.join(users)}; put that to sleep first")
    sleeps = app.sleeps
    house.move(app, Event.IDLE, forced=True)
    while app.life.phase is Phase.DRAINING and app.sleeps == sleeps:
        await app.changed.wait()
        if house.over:
            raise SleepRefused(OVER)
    if app.sleeps == sleeps and app.life.phase in UP:
        raise SleepRefused(app.reason)
    await app.stopped.wait()
    if app.kept and app.life.phase in UP:
        raise SleepRefused(app.kept)
    if house.over:
        raise SleepRefused(OVER)


def _managed(house: House, app_id: AppId) -> App:
    app = house.apps[app_id]
    if not app.spec.managed:
        raise NotManaged
    return app
