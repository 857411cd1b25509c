"""What the API asks of the scaler. The port belongs to the API; the scaler fits itself to it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from scaler.applier.order import Order
from scaler.applier.report import Report
from scaler.applier.set_status import SetStatus
from scaler.bus import Bus
from scaler.logs.line import Line
from scaler.logs.reader import Reader
from scaler.metrics import Metrics
from scaler.reload_report import ReloadReport
from scaler.status import AppStatus
from torpor.words import AppId, Cause

if TYPE_CHECKING:
    from scaler.applier.applied import Applied  # it brings the client of a cluster, which not every Torpor has

type Link = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Serves the WebSocket of one proxy. It is cancelled when the API closes, and has a second to say goodbye."""


class Applies(Protocol):
    """Who applies manifests. Each raises NotAllowed, Busy and ApiError with nothing done."""

    def sets(self) -> list[SetStatus]:
        """All sets, by name."""

    async def apply(self, order: Order, say: Callable[[str], None], /) -> "Applied":
        """Change what has to be changed. Raises YamlError too."""

    async def follow(self, applied: "Applied", say: Callable[[str], None], /) -> Report:
        """Wait until that is rolled out, if that was asked for."""

    async def delete(self, name: str, say: Callable[[str], None], /, *, dry_run: bool = False) -> Report:
        """Delete a set. Raises NoSuchSet too."""


class Control(Protocol):
    """The scaler, as far as the API is concerned."""

    @property
    def bus(self) -> Bus:
        """Where events are listened to."""

    @property
    def metrics(self) -> Metrics:
        """What `/metrics` shows."""

    def statuses(self) -> list[AppStatus]:
        """All apps, by name."""

    def status(self, app: AppId, /) -> AppStatus:
        """One app. Raises KeyError."""

    async def wake(self, app: AppId, cause: Cause, /) -> AppStatus:
        """Returns when the app is awake. Raises WakeFailed, NotManaged. Cancelling ends the waiting, never the wake."""

    async def sleep(self, app: AppId, /) -> AppStatus:
        """Returns when the app is asleep. Raises SleepRefused, NotManaged. Cancelling it ends the waiting only."""

    async def log_tail(self, app: AppId, lines: int, since: str, /) -> list[Line]:
        """The last lines of each of the app's containers, of those after `since` if it is not empty."""

    def logs(self, app: AppId, lines: int, since: str, /) -> AbstractAsyncContextManager[Reader]:
        """The same, and all that are written from then on. Entering raises KeyError, TooManyReaders."""

    def applies(self) -> Applies:
        """Raises NoApplier."""

    async def savings(self) -> dict[str, object]:
        """What sleeping has saved, and would have saved in shadow mode; see scaler/savings_report.py."""

    async def reload(self) -> ReloadReport:
        """Take a changed configuration. Raises ConfigError, and then nothing has changed."""

    def info(self) -> dict[str, object]:
        """What this Torpor is: version, engine, listen, proxies, leader, token_required."""

    def ready(self) -> str | None:
        """None when a visit would be served, else what is missing."""
