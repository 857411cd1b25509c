"""Times as text, in RFC 3339."""

from datetime import UTC, datetime

LONGEST = 40
"""Characters."""


def rfc3339(at: float | None) -> str | None:
    """A Unix time in UTC with milliseconds."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_moment(written: object) -> float | None:
    """Unix seconds; None for what is no time, or has no zone."""
    try:
        moment = datetime.fromisoformat(written) if isinstance(written, str) and len(written) <= LONGEST else None
        return moment.timestamp() if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
