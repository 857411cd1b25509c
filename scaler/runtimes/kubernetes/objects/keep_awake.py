"""The windows of `torpor.dev/keep-awake`, as they are written: `Mon-Fri 08:00-18:00 Europe/Berlin`."""

import re

ALLOWED = "days, hours and a time zone, such as Mon-Fri 08:00-18:00 Europe/Berlin, with semicolons between several"
MOST = 20

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_DAYS = rf"{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
_WINDOW = re.compile(rf"(?:{_DAYS}\s+)?{_TIME}-(?:{_TIME}|24:00)\s+[A-Za-z][A-Za-z0-9_+/-]{{1,60}}")


def parse_windows(written: str) -> str:
    """The text, blanks made even, if it is written as windows are. Raises ValueError that says what is allowed."""
    windows = [" ".join(part.split()) for part in written.split(";") if part.strip()]
    if not 0 < len(windows) <= MOST or not all(_WINDOW.fullmatch(window) for window in windows):
        raise ValueError(f"{written[:60]!r} is not a time to keep awake; allowed are {ALLOWED}")
    return "; ".join(windows)
