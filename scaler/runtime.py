"""The port to whatever starts and stops workloads. The scaler owns it; adapters live in scaler/runtimes."""

from collections.abc import Callable
from typing import Protocol

from torpor.words import Address, AppId

type Say = Callable[[str], None]
"""Tells people what the start is doing now, in a few words: `starting python3`, `waiting for port 4123`."""


class StartFailed(Exception):  # noqa: N818 - reads as what happened
    """A start that ended by itself: `str()` is the runtime's own reason, fit for a visitor's eyes."""


class Runtime(Protocol):
    """What the scaler asks of a runtime. One start or stop per app at a time; the scaler sees to that."""

    async def start(self, app: AppId, say: Say) -> tuple[Address, ...]:
        """Start the workload; return the addresses that have answered (promise 7).

        Raises StartFailed. When cancelled (a wake that timed out), stops what it has started before it returns.
        """

    async def stop(self, app: AppId) -> None:
        """Stop the workload and return when it is gone. Nothing to stop is fine."""

    def replicas(self, app: AppId) -> int:
        """How many replicas run now."""

    def log_tail(self, app: AppId, lines: int) -> list[str]:
        """The last lines of the workload's output, oldest first."""


type Lost = Callable[[AppId, str], None]
"""Called by a runtime when a workload that had started ends by itself, with the reason."""
