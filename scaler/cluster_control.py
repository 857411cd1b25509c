"""The scaler of a cluster as the API sees it: the one that leads now, or nobody, and then others are asked."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from scaler.applier.applier import Applier
from scaler.bus import Bus
from scaler.errors import NoApplier, WakeFailed
from scaler.logs.line import Line
from scaler.logs.reader import Reader
from scaler.metrics import Metrics
from scaler.proxies import Proxies
from scaler.reload_report import ReloadReport
from scaler.savings import Savings
from scaler.savings_report import report
from scaler.scaler import Scaler
from scaler.status import AppStatus
from torpor import __version__
from torpor.kubernetes_settings import KubernetesSettings
from torpor.savings_settings import PriceSettings
from torpor.words import AppId, Cause


class ClusterControl:
    """The port `scaler.api.port.Control`. Counters and events outlive a reign; `scaler` is None without one."""

    def __init__(
        self,
        settings: KubernetesSettings,
        missing: Callable[[], str | None],
        *,
        token_required: bool,
        price: PriceSettings | None = None,
    ) -> None:
        """`missing` says what is in the way of leading, or of standing by; None when nothing is."""
        self.scaler: Scaler | None = None
        self.applier: Applier | None = None
        self.bus = Bus()
        self.books = Savings()
        self.metrics = Metrics(self.statuses, self.books, proxies=self._proxies, leads=lambda: self.scaler is not None)
        self._missing = missing
        self._settings = settings
        self._price = price
        self._token_required = token_required

    def statuses(self) -> list[AppStatus]:
        """All apps, by name; none where another scaler leads."""
        return self.scaler.statuses() if self.scaler is not None else []

    def status(self, app: AppId, /) -> AppStatus:
        """One app. Raises KeyError."""
        if self.scaler is None:
            raise KeyError(app)
        return self.scaler.status(app)

    async def wake(self, app: AppId, cause: Cause, /) -> AppStatus:
        """Returns when awake. Raises KeyError, WakeFailed, NotManaged."""
        if self.scaler is None:
            raise WakeFailed("this scaler does not lead any more")
        return await self.scaler.wake(app, cause)

    async def sleep(self, app: AppId, /) -> AppStatus:
        """Returns when asleep. Raises KeyError, SleepRefused, NotManaged."""
        if self.scaler is None:
            raise KeyError(app)
        return await self.scaler.sleep(app)

    async def log_tail(self, app: AppId, lines: int, since: str = "", /) -> list[Line]:
        """The last lines of an app's output. Raises KeyError."""
        self.status(app)
        return await self.scaler.runtime.log_tail(app, lines, since) if self.scaler is not None else []

    def logs(self, app: AppId, lines: int, since: str, /) -> AbstractAsyncContextManager[Reader]:
        """The same, and all that follow. Raises KeyError; entering raises TooManyReaders."""
        if self.scaler is None:
            raise KeyError(app)
        return self.scaler.logs.read(app, lines=lines, since=since)

    def applies(self) -> Applier:
        """Who applies manifests. Raises NoApplier."""
        if self.applier is None:
            raise NoApplier("no scaler leads just now; one will in a few seconds", passing=True)
        return self.applier

    async def savings(self) -> dict[str, object]:
        """What sleeping has saved."""
        lines = self.scaler.saved() if self.scaler is not None else []
        return await asyncio.to_thread(report, lines, self._price, time.time())

    async def reload(self) -> ReloadReport:
        """The apps are the cluster's; what is read at the start is read again by a new start."""
        return ReloadReport()

    def info(self) -> dict[str, object]:
        """What this Torpor is."""
        proxies = self.scaler.proxies.live() if self.scaler is not None else []
        return {
            "version": __version__,
            "engine": ", ".join(sorted({proxy.engine for proxy in proxies})),
            "listen": "",
            "proxies": len(proxies),
            "leader": self.scaler is not None,
            "token_required": self._token_required,
            "kubernetes": self._settings.model_dump(mode="json"),
        }

    def ready(self) -> str | None:
        """None when it leads, or would know enough to lead."""
        return self._missing()

    def _proxies(self) -> Proxies | None:
        return self.scaler.proxies if self.scaler is not None else None
