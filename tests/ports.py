"""Ports for servers of tests: nobody else gets one, also while nothing listens there, before, after or in between."""

import atexit
from collections import deque

from scaler.runtimes.process.ports import Claim, free_port

_KEPT = 300
_claims: deque[Claim] = deque()


def own_port() -> int:
    """One of this process for as long as a test may last.

    Port 0 is right only for who listens once: the kernel gives such a port to the next who asks as soon as it is free,
    and tests run several at once.
    """
    claim = free_port()
    _claims.append(claim)
    if len(_claims) > _KEPT:
        _claims.popleft().release()
    return claim.port


def somewhere(host: str = "127.0.0.1") -> tuple[str, int]:
    """An address to listen on."""
    return host, own_port()


@atexit.register
def _release() -> None:
    for claim in _claims:
        claim.release()
