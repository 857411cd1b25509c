"""What sleeping has saved, app by app: one meter each, which outlives a reign as the counters do."""

from scaler.meter import Meter
from scaler.requests import Requests
from scaler.saved import Saved
from torpor.clock import Clock, MachineClock
from torpor.words import AppId


class Savings:
    """Costs something when an app falls asleep, wakes or is resized, and when somebody reads it; nothing else."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or MachineClock()
        self._asleep: dict[AppId, Meter] = {}

    def asleep(self, app: AppId, rate: Requests) -> None:
        """It sleeps, and awake it would have so much kept free for it."""
        self._asleep.setdefault(app, Meter()).run(rate, self._clock.now())

    def up(self, app: AppId) -> None:
        """It sleeps no more, or nobody looks after it from here."""
        if meter := self._asleep.get(app):
            meter.halt(self._clock.now())

    def forget(self, app: AppId) -> None:
        """It is managed no more."""
        self._asleep.pop(app, None)

    def saved(self, app: AppId) -> Saved:
        """What this process has counted of it."""
        meter = self._asleep.get(app)
        return meter.read(self._clock.now()) if meter else Saved()
