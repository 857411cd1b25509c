"""Waiting for a condition, with a deadline; never for time."""

import time
from collections.abc import Callable

BEAT = 0.02
"""Seconds between two looks."""


def until[T](look: Callable[[], T], timeout: float, what: str | Callable[[], str], *, beat: float = BEAT) -> T:
    """The first truthy value of `look`; AssertionError with `what` when it does not come within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (found := look()):
        told = what() if callable(what) and time.monotonic() >= deadline else what
        assert time.monotonic() < deadline, f"waited {timeout} s in vain for {told}"
        time.sleep(beat)
    return found
