"""One start of an app as Torpor sees it, until nothing of it is left."""

import asyncio
from dataclasses import dataclass, field

from scaler.runtimes.process.keeper.exits import ending
from scaler.runtimes.process.keeping import Keeper
from scaler.runtimes.process.ports import Claim
from scaler.runtimes.process.tail import last_words
from scaler.runtimes.process.workload import Workload
from torpor.duration import format_duration
from torpor.words import AppId

STOPPED = "stopped while it was starting"


def _now() -> float:
    return asyncio.get_running_loop().time()


def _future[T]() -> asyncio.Future[T]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True, eq=False)
class Run:
    """What is known of it. The futures are resolved in this order and never with an exception."""

    number: int
    app: AppId
    workload: Workload
    port: int = 0
    claim: Claim | None = None
    """On the port, where that was free to choose."""
    keeper: Keeper | None = None
    """Who has it; None until it is asked to start it."""
    pid: int = 0
    began: float = field(default_factory=_now)
    awake: bool = False
    """Its start succeeded, and it has not ended since."""
    stopping: bool = False
    spawned: asyncio.Future[None] = field(default_factory=_future)
    """The program runs, or it has been over before."""
    over: asyncio.Future[str] = field(default_factory=_future)
    """The main process has ended, or never was: why."""
    gone: asyncio.Future[None] = field(default_factory=_future)
    """Nothing of it is left."""

    def end(self, reason: str) -> None:
        """Note that the main process is no more."""
        self.awake = False
        if not self.over.done():
            self.over.set_result(reason)
        if not self.spawned.done():
            self.spawned.set_result(None)

    def vanish(self, reason: str) -> None:
        """Note that nothing of it is left."""
        self.end(reason)
        if self.claim is not None:
            self.claim.release()
        if not self.gone.done():
            self.gone.set_result(None)

    def reason(self, code: int, left: list[str]) -> str:
        """Why it ended, by its exit code (or minus the signal) and what it has left running."""
        if self.stopping:
            return STOPPED
        text = f"{ending(code)} after {format_duration(max(0.1, _now() - self.began))}"
        if code == 0 and left:
            text += f" but left {', '.join(left)} behind: it must stay in the foreground, not become a daemon"
        words = last_words(self.workload.log_file)
        return f"{text}: {words}" if words else text
