"""What sleeping has saved, and what it would have saved where that is only measured: app by app, one meter each.

It outlives a reign, as the counters do.
"""

from collections.abc import Container

from scaler.meter import Meter
from scaler.requests import Requests
from scaler.saved import Saved
from scaler.standing import Standing
from scaler.tally import Tally
from torpor.clock import Clock, MachineClock
from torpor.words import AppId

SLACK = 60.0
"""Seconds that clocks of two machines may differ."""


class Meters:
    """One for each app. Costs something when one begins, ends or is resized, and when it is read; nothing else."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._meters: dict[AppId, Meter] = {}

    def count(self, app: AppId, rate: Requests | None) -> None:
        """From now on at this rate, which is what would be kept free for it if it were awake; None: not at all."""
        if rate is not None:
            self._meters.setdefault(app, Meter()).run(rate, self._clock.now())
        elif meter := self._meters.get(app):
            meter.halt(self._clock.now())

    def forget(self, app: AppId) -> None:
        """As if it had never counted."""
        self._meters.pop(app, None)

    def runs(self, app: AppId) -> int:
        """How often it has begun to count."""
        meter = self._meters.get(app)
        return meter.runs if meter else 0

    def read(self, app: AppId) -> Saved:
        """All that it has counted."""
        meter = self._meters.get(app)
        return meter.read(self._clock.now()) if meter else Saved()


class Savings:
    """The meters of all apps."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock = clock or MachineClock()
        self._before: dict[AppId, Tally] = {}
        self._measured: dict[AppId, float] = {}
        self.asleep = Meters(clock)
        """Runs while an app sleeps."""
        self.shadow = Meters(clock)
        """Runs while one would sleep that is in shadow mode."""

    def count(self, app: AppId, rate: Requests, *, asleep: bool, shadow: bool) -> None:
        """How it stands from now on."""
        self.asleep.count(app, rate if asleep else None)
        self.shadow.count(app, rate if shadow else None)

    def begin(self, app: AppId, standing: Standing | None, rate: Requests) -> None:
        """An app is new to this reign: what is remembered of it, of which this process may have counted a part itself.
        What cannot be, such as more seconds than there were, is not believed."""
        now = self._clock.wall()
        saved, since = (standing and standing.saved) or Tally(Saved(), now)
        if standing and standing.asleep_since is not None and standing.asleep_since < now:
            saved += Saved.over(now - standing.asleep_since, rate)
            since = min(since, standing.asleep_since)
        if saved.seconds > now - since + SLACK:
            saved, since = Saved(), now
        if app not in self._before or saved.seconds > self.total(app).saved.seconds:
            self._before[app] = Tally(saved - self.asleep.read(app), since)

    def total(self, app: AppId) -> Tally:
        """What it has saved since somebody began to count."""
        before = self._before.get(app) or Tally(Saved(), self._clock.wall())
        return Tally(before.saved + self.asleep.read(app), before.since)

    def measure(self, app: AppId, shadow: bool) -> None:
        """Whether it is in shadow mode; what was measured before it left that is forgotten."""
        if shadow:
            self._measured.setdefault(app, self._clock.wall())
        elif self._measured.pop(app, None) is not None:
            self.shadow.forget(app)

    def measured(self, app: AppId) -> Tally | None:
        """What it would have saved in shadow mode; None where it is not in it."""
        since = self._measured.get(app)
        return None if since is None else Tally(self.shadow.read(app), since)

    def retain(self, apps: Container[AppId]) -> None:
        """Forget all others: a process that has not led for a while has not heard which apps have gone."""
        for app in [app for app in self._before if app not in apps]:
            self.forget(app)

    def forget(self, app: AppId) -> None:
        """It is managed no more."""
        self._before.pop(app, None)
        self.measure(app, False)
        self.asleep.forget(app)
