"""The port to whatever starts and stops workloads. The scaler owns it; adapters live in scaler/runtimes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from scaler.logs.line import Line
from scaler.tally import Tally
from torpor.words import Address, AppId

type Addresses = Mapping[str, tuple[Address, ...]]
"""Where an app answers, by door (scaler/doors.py); a door that nothing answers at may be left out."""

type Say = Callable[[str], None]
"""Tells people what the start is doing now, in a few words: `starting python3`, `waiting for port 4123`; as a Stage
(scaler/stage.py) it counts for the metrics too."""


type TakeLines = Callable[[Sequence[Line]], None]
"""Called with the next lines, from the event loop; those of each source come in their order, and none twice."""


class StartFailed(Exception):  # noqa: N818 - reads as what happened
    """A start that ended by itself: `str()` is the runtime's own reason, fit for a visitor's eyes."""


class StopRefused(Exception):  # noqa: N818 - reads as what happened
    """A stop that was not carried out: the workload is up still. `str()` says why, fit for people's eyes."""


class Runtime(Protocol):
    """What the scaler asks of a runtime. One start or stop per app at a time; the scaler sees to that."""

    async def start(self, app: AppId, say: Say) -> Addresses:
        """Start the workload, or wait for what runs already; return the addresses that have answered (promise 7).

        Raises StartFailed. It is cancelled when the wake has timed out, when somebody else has scaled the workload
        down, and when the scaler leads no more. What becomes of a start that failed or was cancelled is the runtime's
        own decision. Processes are ended at once, for nobody else would. A cluster's workload is left as it is: another
        scaler may lead already and count on it, a node that was ordered for it is on its way, and to take a slow
        one back to zero would make each try as slow as the first. It does not stay up for ever: an app that has
        failed is stopped when nobody has asked for it for the length of its idle timeout.
        """

    async def stop(self, app: AppId, *, last_access: float | None, saved: Tally | None = None) -> None:
        """Stop the workload and return when it is gone, or sure to go. Nothing to stop is fine.

        `last_access` (Unix seconds, None where nobody knows) and what the sleeps before this one have `saved` are worth
        remembering where the runtime can. Raises
        StopRefused when the workload has changed or could not be written: the scaler then takes the sleep back.
        """

    def replicas(self, app: AppId) -> int:
        """How many replicas run now."""

    def replicas_awake(self, app: AppId) -> int:
        """How many run when it is awake: those that run, or those that a wake would bring back."""

    async def log_tail(self, app: AppId, lines: int, since: str = "") -> list[Line]:
        """The last lines of each container's output, of those after `since` if given; those of each oldest first."""

    async def follow(self, app: AppId, take: TakeLines, lines: int | None, since: str) -> None:
        """Hand over the last lines of what each container has written (None: all), of those after `since` if given,
        and then all that is written, across restarts and sleeps. Goes on until it is cancelled."""


type Lost = Callable[[AppId, str], None]
"""Called by a runtime when a workload that had started ends by itself, with the reason."""
