"""`torpor up` as it runs: the scaler in this process, the proxy in one that is watched, and somebody to tell about it.

Reads in the order it happens: scaler, proxy, ready, work, drain, end.
"""

import asyncio
import hashlib
import logging
import secrets
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxy.haproxy.left import kill_left
from proxy.haproxy.state import default_directory
from torpor import __version__
from torpor.cli.child import ProxyProcess, torpor_command
from torpor.cli.engines import choose, refuse_tls_without_haproxy
from torpor.cli.failure import Failed
from torpor.cli.ready import remove_ready, write_ready
from torpor.cli.reloading import reload_when_asked
from torpor.cli.say import printable
from torpor.cli.screen import Screen
from torpor.cli.signals import reload_on_hangup, stop_on_signals
from torpor.cli.telling import log_events
from torpor.cli.trouble import as_failure
from torpor.cli.urls import app_url, base_url
from torpor.cli.where import reachable
from torpor.config import Settings
from torpor.duration import format_duration
from torpor.link import HEARTBEAT
from torpor.words import Address

if TYPE_CHECKING:
    from scaler.bus import Bus
    from scaler.server import ScalerReady
    from torpor.cli.board import Board

log = logging.getLogger(__name__)

AFTER_DRAIN = 10.0
"""Seconds on top of `drain_timeout` that the proxy may take to end."""
URLS = 10
"""Apps whose URL is said at the start."""
FRESH = 1.5 * HEARTBEAT
"""Seconds until every proxy has reported what is in flight."""
REMIND = 5.0
"""Seconds between two lines about what the drain waits for."""


class Everything:
    """One run of `torpor up`."""

    def __init__(
        self, settings: Settings, file: Path, ready_file: Path | None, screen: Screen, *, hint: str = ""
    ) -> None:
        self._settings = settings
        self._file = file
        self._ready_file = ready_file
        self._screen = screen
        self._hint = hint
        self._engine = choose(settings.engine)
        if settings.tls is not None:
            refuse_tls_without_haproxy(self._engine, f"{file}: tls")
        self._state = default_directory(f"up-{_short(file)}")
        self._token = secrets.token_urlsafe(32)
        self._stop = asyncio.Event()
        self._stop_scaler = asyncio.Event()
        self._reload = asyncio.Event()
        self._proxy: ProxyProcess | None = None

    @property
    def secrets(self) -> list[str]:
        """What must not be in a log."""
        return [self._token, *([self._settings.token] if self._settings.token else [])]

    async def run(self) -> None:
        """Run until a signal says stop, then end in good order. Raises Failed."""
        stop_on_signals(self._stop, self._at_once)
        reload_on_hangup(self._reload, self._stop)
        try:
            async with asyncio.TaskGroup() as group:
                await self._whole_life(group)
        except BaseExceptionGroup as raised:
            raise as_failure(raised) from None
        finally:
            self._forget_ready()

    async def _whole_life(self, group: asyncio.TaskGroup) -> None:
        scaler_ready: asyncio.Future[ScalerReady] = asyncio.get_running_loop().create_future()
        scaler = group.create_task(self._run_scaler(scaler_ready))
        ready = await scaler_ready
        api, bus = reachable(ready.api), ready.control.bus
        helpers = [
            group.create_task(log_events(bus) if (board := self._screen.board) is None else self._show(bus, board)),
            group.create_task(reload_when_asked(ready.control.reload, self._reload, self._say)),
        ]
        listening: asyncio.Future[Address] = asyncio.get_running_loop().create_future()
        self._proxy = self._make_proxy(api, listening)
        ready.control.on_reload = self._proxy.hang_up
        supervision = group.create_task(self._proxy.run())
        if (listen := await self._unless_stopped(listening)) is not None:
            self._say_ready(ready, reachable(listen), api, reachable(tls) if (tls := self._proxy.tls) else None)
            await self._stop.wait()
        await self._drain(group, ready)
        await supervision
        kill_left(self._state)  # a proxy that had to be killed could not
        if self._screen.board is not None:
            self._screen.board.note("stopping the apps")
            self._screen.refresh()
        self._stop_scaler.set()
        await scaler
        for helper in helpers:
            helper.cancel()
        self._say("every app is stopped; good night")

    async def _run_scaler(self, ready: "asyncio.Future[ScalerReady]") -> None:
        from scaler.server import serve_scaler  # here: a mistake in torpor.yaml is told before this is imported

        await serve_scaler(
            self._settings,
            config_file=self._file,
            link_token=self._token,
            on_ready=ready.set_result,
            stop=self._stop_scaler,
        )
        if not self._stop_scaler.is_set():
            raise Failed("the scaler has ended by itself")

    def _make_proxy(self, api: Address, listening: "asyncio.Future[Address]") -> ProxyProcess:
        settings = self._settings
        command = torpor_command(
            "proxy",
            *("--link", base_url(api)),
            *("--engine", self._engine.name),
            *("--state-directory", str(self._state)),
            *("--max-held", str(settings.max_held)),
            *(("--max-connections", str(settings.max_connections)) if settings.max_connections else ()),
            *("--drain-timeout", str(settings.drain_timeout)),
            *("--log-level", logging.getLevelName(logging.getLogger().level).lower()),
            *(option for network in settings.trusted_proxies for option in ("--trusted-proxy", network)),
            *(("--brand", str(settings.brand)) if settings.brand else ()),
            *(("--certificates", str(settings.tls.certificates)) if settings.tls else ()),
            *(("--redirect-to-https",) if settings.tls and settings.tls.redirect else ()),
        )

        def listens(address: Address) -> None:
            if not listening.done():
                listening.set_result(address)

        tls = Address(*settings.tls.listen) if settings.tls else None
        return ProxyProcess(command, Address(*settings.listen), self._token, listens, tls=tls)

    async def _unless_stopped(self, wanted: "asyncio.Future[Address]") -> Address | None:
        async with asyncio.TaskGroup() as group:
            stopped = group.create_task(self._stop.wait())
            either: list[asyncio.Future[Any]] = [wanted, stopped]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
        return wanted.result() if wanted.done() else None

    def _say_ready(self, ready: "ScalerReady", listen: Address, api: Address, tls: Address | None) -> None:
        ready.control.listen = str(listen)
        statuses = ready.control.statuses()
        self._say(f"Torpor {__version__} with the engine {self._engine}")
        visitors = base_url(listen) + (f" and {base_url(tls, tls=True)}" if tls else "")
        self._say(f"visitors: {visitors}   status page: {base_url(api)}")
        if tls is not None and self._settings.tls is not None and self._settings.tls.redirect:
            urls = [(status.id, url) for status in statuses if (url := app_url(status.hosts, tls, tls=True))]
        else:
            urls = [(status.id, url) for status in statuses if (url := app_url(status.hosts, listen))]
        for app, url in urls[:URLS]:
            self._say(f"{app}: {url}")
        if len(urls) > URLS:
            self._say(f"… and {len(urls) - URLS} more")
        if not statuses:
            self._say(f"there are no apps in {self._file}; `torpor config` shows how to name them")
        for line in self._hint.splitlines():
            self._say(line)
        if self._screen.board is not None:
            where = f"visitors {visitors}   status page {base_url(api)}"
            title = f"Torpor {__version__}   {where}   {self._engine.name}"
            self._screen.board.begin(title, listen, statuses)
            self._screen.refresh()
        if self._ready_file is not None:
            try:
                write_ready(self._ready_file, listen, api, tls)
            except OSError as error:
                raise Failed(f"the ready file cannot be written: {error}") from None

    def _say(self, text: str) -> None:
        """Said whatever the log level of the live view is."""
        if self._screen.board is None:
            log.info("%s", text)
        else:
            self._screen.say(printable(text))

    async def _show(self, bus: "Bus", board: "Board") -> None:
        with bus.listen() as news:
            async for event in news:
                board.take(event)
                self._screen.refresh()

    async def _drain(self, group: asyncio.TaskGroup, ready: "ScalerReady") -> None:
        """Let the visits in flight end, and say what it waits for."""
        assert self._proxy is not None  # noqa: S101 - for the type checker: _whole_life made it
        patience = self._settings.drain_timeout
        reminder = group.create_task(self._remind(ready, patience))
        try:
            await self._proxy.stop(patience + AFTER_DRAIN)
        finally:
            reminder.cancel()

    async def _remind(self, ready: "ScalerReady", patience: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        self._note(f"stopping; visits in flight may take {format_duration(patience)} to end; once more ends it at once")
        await asyncio.sleep(FRESH)
        while True:
            working = Counter({s.id: s.in_flight for s in ready.control.statuses() if s.in_flight})
            if working:
                whom = ", ".join(f"{app} {count}" for app, count in working.most_common(5))
                left = format_duration(max(0, round(until - loop.time())))
                self._note(f"in flight: {working.total()} ({whom}); at most {left} more")
            await asyncio.sleep(REMIND)

    def _note(self, text: str) -> None:
        if self._screen.board is None:
            log.info("%s", text)
        else:
            self._screen.board.note(text)
            self._screen.refresh()

    def _at_once(self) -> None:
        if self._proxy is not None:
            self._proxy.kill()
            kill_left(self._state)
        self._forget_ready()
        self._screen.restore_terminal()

    def _forget_ready(self) -> None:
        if self._ready_file is not None:
            with suppress(OSError):
                remove_ready(self._ready_file)


def _short(file: Path) -> str:
    """A name for what belongs to this torpor.yaml, the same at every run."""
    return hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:12]
