"""Ports for what has to be told where to listen."""

import contextlib
from collections.abc import Iterator

from scaler.runtimes.process import ports


@contextlib.contextmanager
def own_port() -> Iterator[int]:
    """One that nobody else is given for the length of the block, as the apps of a Torpor get theirs."""
    claim = ports.free_port()
    try:
        yield claim.port
    finally:
        claim.release()
