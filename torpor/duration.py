"""Durations as people write them (`30s`, `1h30m`) and as programs count them (seconds)."""

import re

ALLOWED = "a number of seconds or a duration such as 500ms, 30s, 5m, 1h30m or 2d"

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")

LONGEST = 366 * 86400.0


def parse_duration(value: object) -> float:
    """Seconds for a duration. Raises ValueError that says what is allowed."""
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is not a duration; allowed is {ALLOWED}")
    if isinstance(value, int | float):
        seconds = float(value)
    elif isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value))
    else:
        raise ValueError(f"{value!r} is not a duration; allowed is {ALLOWED}")
    if not 0 <= seconds <= LONGEST:
        raise ValueError(f"{value!r} is out of range; allowed is 0 to 366d")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest exact-enough way to say it: `0.4s`, `12s`, `1m30s`, `2h`, `3d4h`."""
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f}s"
    whole = round(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"
