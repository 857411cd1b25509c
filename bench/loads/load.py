"""What a load has seen."""

from typing import NamedTuple


class Load(NamedTuple):
    """One run of a load."""

    rate: float
    """Requests, or messages, per second."""
    p50: float
    """Seconds."""
    p99: float
    """Seconds."""
    requests: int
    failed: int
    """Socket errors, timeouts, and answers that are none."""
