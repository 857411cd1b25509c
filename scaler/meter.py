"""Counts what a sleep saves from its beginning, its end and its rate: between those nothing is done, and nothing is
looked at before somebody reads it."""

from scaler.requests import NOTHING, Requests
from scaler.saved import Saved


class Meter:
    """Runs or stands still. Times are monotonic seconds; what it shows never falls."""

    def __init__(self) -> None:
        self._ended = Saved()
        self._since: float | None = None
        self._rate = NOTHING
        self.runs = 0
        """How often it has begun."""

    @property
    def running(self) -> bool:
        """Whether it counts now."""
        return self._since is not None

    def run(self, rate: Requests, now: float) -> None:
        """Count from now on at this rate. What has run till now counts at the rate that it had."""
        self.runs += self._since is None
        if self._since is None or self._rate != rate:
            self.halt(now)
            self._since, self._rate = now, rate

    def halt(self, now: float) -> None:
        """Count no more."""
        self._ended = self.read(now)
        self._since = None

    def read(self, now: float) -> Saved:
        """All that has been counted."""
        if self._since is None:
            return self._ended
        return self._ended + Saved.over(max(0.0, now - self._since), self._rate)
