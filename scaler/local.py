"""torpor.yaml made real: its apps put into the scaler and the process runtime, and the changes of a reload."""

from pathlib import Path

from scaler.app import AppSpec
from scaler.doors import MAIN
from scaler.reload_report import ReloadReport
from scaler.requests import Requests
from scaler.runtimes.process import ProcessRuntime, Workload
from scaler.scaler import Scaler
from torpor.app_settings import AppSettings
from torpor.config import Settings, read_settings
from torpor.quantity import millis, whole
from torpor.words import AppId, Mode

RESTART_NEEDED = (
    *("listen", "api", "engine", "tls", "token"),
    *("max_held", "max_connections", "trusted_proxies", "drain_timeout"),
)
"""Settings of the proxy and the API themselves, which a reload does not touch."""


class LocalApps:
    """The apps of one torpor.yaml."""

    def __init__(self, scaler: Scaler, runtime: ProcessRuntime, settings: Settings, file: Path | None) -> None:
        self._scaler = scaler
        self._runtime = runtime
        self._file = file
        self._base = file.resolve().parent if file else Path.cwd()
        self.settings = settings
        for name in settings.apps:
            self._put(name, settings)

    async def reload(self) -> ReloadReport:
        """Read the file again and take what changed; awake apps that did not change are not touched.

        An app whose way of running changed goes on as it is until nothing of it is in flight, then sleeps, and its
        next visit starts it the new way. Raises ConfigError, and then nothing has changed.
        """
        if self._file is None:
            return ReloadReport()
        old, new = self.settings, read_settings(self._file)
        if new.token is None:  # it came from the environment, and is as it was
            new = new.model_copy(update={"token": old.token})
        removed = sorted(old.apps.keys() - new.apps.keys())
        added = sorted(new.apps.keys() - old.apps.keys())
        changed = sorted(name for name in old.apps.keys() & new.apps.keys() if _spec(name, old) != _spec(name, new))
        changed += sorted(
            name for name in old.apps.keys() & new.apps.keys() - set(changed) if self._differs(name, old, new)
        )
        self.settings = new
        for name in removed:
            self._scaler.remove(name, grace=new.drain_timeout)
        for name in [*added, *changed]:
            self._put(name, new, outdated=name in old.apps and self._differs(name, old, new))
        restart = [name for name in RESTART_NEEDED if getattr(old, name) != getattr(new, name)]
        return ReloadReport(added, sorted(changed), removed, restart)

    def _put(self, name: AppId, settings: Settings, *, outdated: bool = False) -> None:
        self._runtime.put(name, self._workload(name, settings))
        self._scaler.put(_spec(name, settings), outdated=outdated)

    def _differs(self, name: AppId, old: Settings, new: Settings) -> bool:
        return self._workload(name, old) != self._workload(name, new)

    def _workload(self, name: AppId, settings: Settings) -> Workload:
        app: AppSettings = settings.apps[name]
        return Workload(
            command=app.command,
            directory=app.directory or self._base,
            env=app.env,
            port=app.port,
            ready_path=app.ready_path,
            stop_timeout=settings.stop(name),
            log_file=settings.log_directory / f"{name}.log",
            log_bytes=settings.log_bytes,
        )


def _spec(name: AppId, settings: Settings) -> AppSpec:
    app = settings.apps[name]
    return AppSpec(
        *(name, {MAIN: app.hosts}, settings.policy(name), settings.idle(name), app.needs),
        requests=Requests(millis(app.requests.cpu), whole(app.requests.memory)),
        keep_awake=app.keep_awake,
        shadow=settings.app_mode(name) is Mode.SHADOW,
        team=app.team,
    )
