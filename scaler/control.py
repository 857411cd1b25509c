"""The scaler of one machine as the API and the command line see it: one face for all that can be asked."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NoReturn

from scaler.bus import Bus
from scaler.errors import NoApplier
from scaler.local import LocalApps
from scaler.logs.line import Line
from scaler.logs.reader import Reader
from scaler.metrics import Metrics
from scaler.reload_report import ReloadReport
from scaler.runtime import Runtime
from scaler.savings_report import report
from scaler.scaler import Scaler
from scaler.status import AppStatus
from torpor import __version__
from torpor.words import AppId, Cause


class Control:
    """Delegates; decides nothing."""

    def __init__(self, scaler: Scaler, runtime: Runtime, apps: LocalApps) -> None:
        self._scaler = scaler
        self._runtime = runtime
        self._apps = apps
        self.listen = ""
        """Where visitors come in, once the proxy has said so."""
        self.on_reload: Callable[[], None] = lambda: None
        """Called after each reload, for what is not the scaler's."""

    @property
    def bus(self) -> Bus:
        """Events."""
        return self._scaler.bus

    @property
    def metrics(self) -> Metrics:
        """Numbers."""
        return self._scaler.metrics

    def statuses(self) -> list[AppStatus]:
        """All apps, by name."""
        return self._scaler.statuses()

    def status(self, app: AppId) -> AppStatus:
        """One app. Raises KeyError."""
        return self._scaler.status(app)

    async def wake(self, app: AppId, cause: Cause) -> AppStatus:
        """Returns when awake. Raises KeyError, WakeFailed, NotManaged."""
        return await self._scaler.wake(app, cause)

    async def sleep(self, app: AppId) -> AppStatus:
        """Returns when asleep. Raises KeyError, SleepRefused, NotManaged."""
        return await self._scaler.sleep(app)

    async def log_tail(self, app: AppId, lines: int, since: str = "") -> list[Line]:
        """The last lines of an app's output. Raises KeyError."""
        self._scaler.status(app)
        return await self._runtime.log_tail(app, lines, since)

    def logs(self, app: AppId, lines: int, since: str) -> AbstractAsyncContextManager[Reader]:
        """The same, and all that follow. Entering raises TooManyReaders."""
        return self._scaler.logs.read(app, lines=lines, since=since)

    def applies(self) -> NoReturn:
        """Raises NoApplier."""
        reason = "this Torpor runs the apps of torpor.yaml; applying manifests takes a Torpor in a cluster"
        raise NoApplier(reason, passing=False)

    async def savings(self) -> dict[str, object]:
        """What sleeping has saved."""
        now = self._scaler.clock.wall()
        return await asyncio.to_thread(report, self._scaler.saved(), self._apps.settings.price, now)

    async def reload(self) -> ReloadReport:
        """Take a changed torpor.yaml. Raises ConfigError."""
        report = await self._apps.reload()
        self.on_reload()
        return report

    def info(self) -> dict[str, object]:
        """What this Torpor is."""
        proxies = self._scaler.proxies.live()
        return {
            "version": __version__,
            "engine": ", ".join(sorted({proxy.engine for proxy in proxies})),
            "listen": self.listen or "{}:{}".format(*self._apps.settings.listen),
            "proxies": len(proxies),
            "leader": True,
            "token_required": self._apps.settings.token is not None,
        }

    def ready(self) -> str | None:
        """None when a visit would be served, else what is missing."""
        return None if self._scaler.proxies.live() else "no proxy is connected"
