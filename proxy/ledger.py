"""What this proxy has open of each app, when it was last used, and what has not been reported yet.

Everything here is a few dictionary operations per visit; what it costs to tell the scaler is paid once per app and
report, not per visit.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from torpor.link import Activity, Counts, Work
from torpor.words import AppId

HOLDS_KEPT = 1_000
"""Hold times kept per app between two reports; a storm larger than that is sampled."""


@dataclass(slots=True)
class Entry:
    """One app's account."""

    in_flight: int = 0
    busy: int = 0
    held: int = 0
    last_access: float | None = None
    lane_in_flight: int = 0
    """Those that only the engine has counted: they took its fast lane, or went on by it after they were held."""
    lane_busy: int = 0


@dataclass(slots=True)
class _Tally:
    requests: dict[str, int] = field(default_factory=dict)
    holds: list[float] = field(default_factory=list)


class Ledger:
    """The accounts of all apps in this proxy. Times are monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.held = 0
        """Visits held over all apps."""
        self._entries: dict[AppId, Entry] = {}
        self._dirty: set[AppId] = set()
        self._leaving: set[AppId] = set()
        """Apps that are managed no more, with visits still open."""
        self._tallies: dict[AppId, _Tally] = {}

    def entry(self, app: AppId) -> Entry:
        """The account of an app, opened when there is none."""
        entry = self._entries.get(app)
        if entry is None:
            entry = self._entries[app] = Entry()
        return entry

    def begin(self, app: AppId, counts: bool) -> None:
        """A visit is forwarded."""
        entry = self.entry(app)
        entry.busy += 1
        if counts:
            entry.in_flight += 1
            entry.last_access = self.now()
        self._dirty.add(app)

    def end(self, app: AppId, counts: bool) -> None:
        """A forwarded visit has ended; its end is a sign of use as well."""
        entry = self.entry(app)
        entry.busy -= 1
        if counts:
            entry.in_flight -= 1
            entry.last_access = self.now()
        self._dirty.add(app)
        if app in self._leaving:
            self.forget(app)

    def hold(self, app: AppId) -> None:
        """A visit has to wait."""
        self.entry(app).held += 1
        self.held += 1
        self._dirty.add(app)

    def release(self, app: AppId) -> None:
        """A visit waits no more."""
        self.entry(app).held -= 1
        self.held -= 1
        self._dirty.add(app)
        if app in self._leaving:
            self.forget(app)

    def touch(self, app: AppId) -> None:
        """The app is wanted, whether or not this visit comes through."""
        self.entry(app).last_access = self.now()
        self._dirty.add(app)

    def observe(self, app: AppId, *, in_flight: int, busy: int, last_access: float | None) -> None:
        """What the engine has counted of an app, over all visits; those that are known here are taken off."""
        if app not in self._entries and not busy and last_access is None:
            return
        entry = self.entry(app)
        before = (entry.lane_in_flight, entry.lane_busy, entry.last_access)
        entry.lane_in_flight = max(0, in_flight - entry.in_flight - entry.held)
        entry.lane_busy = max(0, busy - entry.busy - entry.held)
        if last_access is not None:
            entry.last_access = max(last_access, entry.last_access or last_access)
        if before != (entry.lane_in_flight, entry.lane_busy, entry.last_access):
            self._dirty.add(app)
        if app in self._leaving:
            self.forget(app)

    def count(self, app: AppId, key: str, number: int = 1) -> None:
        """So many more requests with this `lane outcome`."""
        tally = self._tallies.get(app)
        if tally is None:
            tally = self._tallies[app] = _Tally()
        tally.requests[key] = tally.requests.get(key, 0) + number

    def count_hold(self, app: AppId, seconds: float) -> None:
        """A visit was held for so long."""
        holds = self._tallies.setdefault(app, _Tally()).holds
        if len(holds) < HOLDS_KEPT:
            holds.append(seconds)

    def work(self, app: AppId) -> Work:
        """An app's account as the scaler wants it."""
        entry = self._entries.get(app) or Entry()
        idle_for = None if entry.last_access is None else self.now() - entry.last_access
        return Work(
            in_flight=entry.in_flight + entry.lane_in_flight,
            busy=entry.busy + entry.lane_busy,
            held=entry.held,
            idle_for=idle_for,
        )

    def report(self, *, everything: bool = False) -> Activity:
        """What changed since the last report; `everything` for a scaler that knows nothing yet."""
        apps = self._entries if everything else self._dirty
        activity = Activity(
            apps={app: self.work(app) for app in apps},
            counts={
                app: Counts(requests=tally.requests, hold_seconds=tally.holds) for app, tally in self._tallies.items()
            },
        )
        self._dirty = set()
        self._tallies = {}
        return activity

    def forget(self, app: AppId) -> None:
        """Close the account of an app that is managed no more, now or when nothing of it is open any more."""
        entry = self._entries.get(app)
        if entry and (entry.busy or entry.lane_busy or entry.held):
            self._leaving.add(app)
            return
        self._leaving.discard(app)
        self._entries.pop(app, None)
        self._tallies.pop(app, None)
        if entry:
            self._dirty.add(app)  # the scaler still waits to hear that nothing is open
