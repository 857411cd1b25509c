"""A line of an app's output, the time at which it was written, and whose it is.

Times are text, RFC 3339 in UTC with nine digits behind the point, so that their order is that of the alphabet. Of one
source no two lines have the same: whoever knows the last one that he has seen can go on behind it.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

LONGEST = 16 * 1024
"""Bytes of a line that are kept."""

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
_FRACTION = re.compile(r"[.,](\d+)")
_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")


class Source(NamedTuple):
    """A container; both are empty for a local process."""

    pod: str = ""
    container: str = ""


class Line(NamedTuple):
    """Without its end; `at` is empty where nobody knows."""

    at: str
    source: Source
    text: str


def read_line(written: str, source: Source) -> Line:
    """A line that has its time in front, and a blank between; without one it is all text."""
    at, _, text = written.partition(" ")
    if not _STAMP.fullmatch(at):
        try:
            at = read_time(at)
        except ValueError:
            at, text = "", written
    return Line(at, source, text)


def read_time(written: str) -> str:
    """An RFC 3339 time as lines have it. Raises ValueError."""
    if len(written) > 40:
        raise ValueError("too long for a time")
    time = datetime.fromisoformat(written)
    if time.tzinfo is None or "T" not in written:
        raise ValueError(f"{written!r} does not say of which zone it is")
    found = _FRACTION.search(written)
    fraction = (found[1] if found else "")[:9].ljust(9, "0")
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{fraction}Z"


def written_at(unix: float) -> str:
    """The time of a clock as lines have it."""
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"


def printable(text: str, longest: int) -> str:
    """The text without colours and control characters, cut to so many characters."""
    plain = _ESCAPE_SEQUENCE.sub("", text[: 4 * longest])
    words = "".join(sign for sign in plain.expandtabs() if sign.isprintable()).strip()
    return words if len(words) <= longest else f"{words[:longest]}…"
