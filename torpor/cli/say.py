"""Words and columns on a terminal. What came from outside (paths, user agents, reasons) cannot move the cursor."""

import time
from collections.abc import Sequence
from datetime import datetime

import click

from torpor.duration import format_duration

COLOURS = {"asleep": "blue", "waking": "yellow", "awake": "green", "draining": "cyan", "failed": "red"}
"""One for each phase; both click and rich know these names."""


def printable(text: str) -> str:
    """The text on one line, with every control, bidirectional or invisible character escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def about(app: str, sentence: str) -> str:
    """The sentence with the app's name before it, unless it begins with it."""
    return sentence if sentence.startswith((f"{app} ", f"{app}:")) else f"{app} {sentence}"


def ago(at: float | None, now: float) -> str:
    """How long ago a Unix time was; `never` when there was none."""
    return "never" if at is None else f"{format_duration(max(0, round(now - at)))} ago"


def until(at: float | None, now: float) -> str:
    """How long it is until a Unix time; `-` when there is none."""
    return "-" if at is None else format_duration(max(0, round(at - now)))


def unix_time(rfc3339: object) -> float | None:
    """Unix seconds of a time in the API's JSON; None for what is not one."""
    if not isinstance(rfc3339, str):
        return None
    try:
        return datetime.fromisoformat(rfc3339).timestamp()
    except ValueError:
        return None


def iso_time(at: float | None = None) -> str:
    """A Unix time (default: now) in UTC with milliseconds, for log lines."""
    at = time.time() if at is None else at
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at * 1000) % 1000:03}Z"


def coloured_phase(phase: str) -> str:
    """The phase in its colour; click leaves the colour out where it is not wanted."""
    return click.style(phase, fg=COLOURS.get(phase))


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned columns. The first row is the heading; the last column is as long as it wants to be."""
    widths = [max(len(click.unstyle(row[at])) for row in rows) for at in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
