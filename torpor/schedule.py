"""Windows of the week, as they are written: `Mon-Fri 08:00-18:00 Europe/Berlin; Sat 10:00-14:00 UTC`.

Hours are those of the clocks on the wall there, so a window may be an hour longer or shorter, in seconds, on the day
when clocks change. An hour that comes twice is in the window both times; one that does not come is taken as if the
clocks had not been changed yet (as RFC 5545, 3.3.5 has it).
"""

import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

ALLOWED = "days, hours and a time zone, such as Mon-Fri 08:00-18:00 Europe/Berlin, with semicolons between several"
MOST = 20

_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = rf"(?:{'|'.join(_NAMES)})"
_DAYS = rf"{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
_WINDOW = re.compile(rf"(?:({_DAYS}) )?({_TIME})-({_TIME}|24:00) ([A-Za-z][A-Za-z0-9_+/-]{{1,60}})", re.ASCII)
_DAY_LONG = 24 * 60
_WEEK = 8
"""Days, with what a change of the clocks may add: what lasts longer never ends."""


class Window(NamedTuple):
    """Hours on some days of the week."""

    days: frozenset[int]
    """On which it begins; 0 is Monday."""
    begin: int
    """Minutes after midnight."""
    end: int
    """Minutes after the same midnight, so more than a day's when it is on the next day."""
    zone: str

    def spans(self, at: float, days: int = 0) -> Iterator[tuple[float, float]]:
        """Begin and end of all that may hold the moment, and of those of so many days more; all in Unix seconds."""
        today = datetime.fromtimestamp(at, ZoneInfo(self.zone)).date()
        for ahead in range(-1, days + 1):
            day = today + timedelta(days=ahead)
            if day.weekday() in self.days:
                yield self._moment(day, self.begin, fold=0), self._moment(day, self.end, fold=1)

    def _moment(self, day: date, minutes: int, *, fold: int) -> float:
        days, minutes = divmod(minutes, _DAY_LONG)
        clock = time(*divmod(minutes, 60), fold=fold)
        moment = datetime.combine(day + timedelta(days=days), clock, ZoneInfo(self.zone))
        if fold and moment.astimezone(UTC).astimezone(moment.tzinfo).time() != clock:
            moment = moment.replace(fold=0)  # it does not come
        return moment.timestamp()


class Schedule(NamedTuple):
    """Several windows, as one."""

    windows: tuple[Window, ...] = ()
    written: str = ""

    def until(self, at: float) -> float | None:
        """When the windows end that hold this moment, both in Unix seconds. Infinity: never; None: none holds it."""
        return _until(self, int(at // 60))


@lru_cache(maxsize=10_000)
def _until(schedule: Schedule, minute: int) -> float | None:
    """Windows begin and end with a minute, so a minute has one answer."""
    at, windows = minute * 60.0, schedule.windows
    if not any(start <= at < stop for window in windows for start, stop in window.spans(at)):
        return None
    end = at
    for start, stop in sorted(span for window in windows for span in window.spans(at, _WEEK)):
        if start > end:
            break
        end = max(end, stop)
    return end if end - at < _WEEK * 86400 else math.inf


NEVER = Schedule()


def parse_schedule(written: str) -> Schedule:
    """The windows that are written so. Raises ValueError that says what is allowed."""
    parts = [" ".join(part.split()) for part in written.split(";") if part.strip()]
    if not 0 < len(parts) <= MOST:
        raise _not(written)
    return Schedule(tuple(_window(part) for part in parts), "; ".join(parts))


def _window(written: str) -> Window:
    if (found := _WINDOW.fullmatch(written)) is None:
        raise _not(written)
    days, begins, ends, zone = found.groups()
    begin, end = _minutes(begins), _minutes(ends)
    if begin == end:
        raise ValueError(f"{written!r} ends when it begins; the whole day is 00:00-24:00")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{zone!r} is not a time zone; allowed is such as Europe/Berlin or UTC") from None
    return Window(_days(days), begin, end if end > begin else end + _DAY_LONG, zone)


def _minutes(written: str) -> int:
    hours, _, minutes = written.partition(":")
    return int(hours) * 60 + int(minutes)


def _days(written: str | None) -> frozenset[int]:
    found: set[int] = set()
    for part in (written or "Mon-Sun").split(","):
        first, _, last = part.partition("-")
        start, stop = _NAMES.index(first), _NAMES.index(last or first)
        found.update((start + step) % 7 for step in range((stop - start) % 7 + 1))
    return frozenset(found)


def _not(written: str) -> ValueError:
    return ValueError(f"{written[:60]!r} is not a time to keep awake; allowed are {ALLOWED}")
