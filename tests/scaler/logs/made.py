"""Lines for tests."""

from scaler.logs.batch import Batch
from scaler.logs.line import Line, Source

WEB = Source("web-1", "app")


def at(second: int) -> str:
    """A time."""
    return f"2026-01-02T03:04:{second:012.9f}Z"


def line(second: int, text: str = "", source: Source = WEB) -> Line:
    """One that was written then."""
    return Line(at(second), source, text or f"line {second}")


def lines(*seconds: int, source: Source = WEB) -> list[Line]:
    """Several."""
    return [line(second, source=source) for second in seconds]


def texts(batches: list[Batch]) -> list[str]:
    """What they say."""
    return [one.text for batch in batches for one in batch.lines]
