"""A scaler of glass: apps are what a test says, and a wake ends when a test says so."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from aiohttp import web

from scaler.api import Api
from scaler.api.forward import Leader
from scaler.api.guard import Deployers
from scaler.api.port import Link
from scaler.applier.applied import Applied
from scaler.applier.order import Order
from scaler.applier.report import Done, Outcome, Report
from scaler.applier.set_status import SetStatus
from scaler.bus import Bus
from scaler.errors import NoApplier
from scaler.logs.line import Line, Source
from scaler.logs.reader import Reader
from scaler.metrics import Metrics
from scaler.reload_report import ReloadReport
from scaler.status import AppStatus
from torpor.words import AppId, Cause, Phase


def an_app(name: AppId, phase: Phase = Phase.ASLEEP) -> AppStatus:
    return AppStatus(
        id=name,
        phase=phase,
        hosts=(f"{name.rpartition('/')[2]}.localhost",),
        last_access=1_700_000_000.25,
        in_flight=0,
        held=0,
        idle_timeout=300.0,
        sleeps_at=None,
        replicas=int(phase is Phase.AWAKE),
        cause="",
        reason="",
        since=1_700_000_000.0,
    )


class FakeApplier:
    """What the API asks of an applier: says two lines, and ends when a test says so."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.deleted: list[tuple[str, bool]] = []
        self.error: Exception | None = None
        self.report = Report("review/pr-1", objects=(Done("services", "web", Outcome.CREATED, 1, 1),))
        self.may_apply = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_apply.set()
        self.may_end.set()
        self.applied = 0
        self.followed = 0
        self.silent = False

    def sets(self) -> list[SetStatus]:
        return [SetStatus("review/pr-1", ("services/web",), ("review/web",), 1_700_000_000.0)]

    async def apply(self, order: Order, say: Callable[[str], None], /) -> Applied:
        if self.error:
            raise self.error
        self.orders.append(order)
        if not self.silent:
            say("created services web")
        await self.may_apply.wait()
        self.applied += 1
        return Applied(self.report)

    async def follow(self, applied: Applied, say: Callable[[str], None], /) -> Report:
        if not self.silent:
            say("1 of 2 pods are available")
        await self.may_end.wait()
        self.followed += 1
        return applied.report

    async def delete(self, name: str, say: Callable[[str], None], /, *, dry_run: bool = False) -> Report:
        if self.error:
            raise self.error
        self.deleted.append((name, dry_run))
        return self.report


class FakeControl:
    """What the API asks of the scaler."""

    def __init__(self, *names: AppId) -> None:
        self.applier: FakeApplier | None = None
        self.bus = Bus()
        self.metrics = Metrics(self.statuses)
        self.apps = {name: an_app(name) for name in names}
        self.causes: list[Cause] = []
        self.asked = asyncio.Event()
        """A wake or a sleep was asked for."""
        self.may_end = asyncio.Event()
        """Wakes, sleeps and ends of logs end once this is set."""
        self.may_end.set()
        self.ended: list[AppId] = []
        """Wakes and sleeps that were not cancelled on the way."""
        self.tails = 0
        """Ends of logs that were asked for."""
        self.asked_for: list[tuple[AppId, int, str]] = []
        """Logs that were followed: of which app, how many lines, since when."""
        self.failure: Exception | None = None
        self.missing: str | None = None
        self.written: list[str] = []
        """By each app: what logs end with."""
        self.reader = Reader()
        """Of whoever follows."""
        self.report = ReloadReport(added=["wiki"])

    def statuses(self) -> list[AppStatus]:
        return [self.apps[name] for name in sorted(self.apps)]

    def status(self, app: AppId, /) -> AppStatus:
        return self.apps[app]

    async def wake(self, app: AppId, cause: Cause, /) -> AppStatus:
        self.causes.append(cause)
        return await self._move(app, Phase.AWAKE)

    async def sleep(self, app: AppId, /) -> AppStatus:
        return await self._move(app, Phase.ASLEEP)

    async def _move(self, app: AppId, phase: Phase) -> AppStatus:
        self.asked.set()
        await self.may_end.wait()
        self.ended.append(app)
        if self.failure:
            raise self.failure
        self.apps[app] = replace(self.apps[app], phase=phase)
        return self.apps[app]

    async def log_tail(self, app: AppId, lines: int, since: str, /) -> list[Line]:
        self.tails += 1
        await self.may_end.wait()
        return self.lines(*self.written)[-lines:]

    @asynccontextmanager
    async def logs(self, app: AppId, lines: int, since: str, /) -> AsyncIterator[Reader]:
        self.asked_for.append((app, lines, since))
        if self.failure:
            raise self.failure
        try:
            yield self.reader
        finally:
            self.ended.append(app)

    def lines(self, *texts: str, pod: str = "") -> list[Line]:
        """Lines as a runtime tells them."""
        return [
            Line(f"2026-01-02T03:04:05.{at:09}Z", Source(pod, "web" if pod else ""), text)
            for at, text in enumerate(texts)
        ]

    def applies(self) -> FakeApplier:
        if self.applier is None:
            raise NoApplier("this Torpor runs the apps of torpor.yaml", passing=False)
        return self.applier

    async def savings(self) -> dict[str, object]:
        return {"apps": [], "teams": []}

    async def reload(self) -> ReloadReport:
        if self.failure:
            raise self.failure
        return self.report

    def info(self) -> dict[str, object]:
        return {"version": "0", "engine": "fake", "listen": "", "proxies": 1, "leader": True, "token_required": False}

    def ready(self) -> str | None:
        return self.missing

    def publish(self, name: AppId, what: str = "phase", text: str = "it moved") -> None:
        self.bus.publish(time.time(), what, self.apps[name], text)


async def no_link(request: web.Request) -> web.StreamResponse:
    return web.Response(status=401)


@asynccontextmanager
async def running(
    control: FakeControl,
    *,
    link: Link = no_link,
    token: str | None = None,
    listen: tuple[str, int] = ("127.0.0.1", 0),
    deployers: Deployers | None = None,
    leader: Leader | None = None,
) -> AsyncIterator[str]:
    """The API while it runs; the value is its base URL."""
    async with Api(control, link=link, token=token, listen=listen, deployers=deployers, leader=leader) as api:
        yield f"http://127.0.0.1:{api.addresses[0].port}"


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; the test's own timeout is the deadline."""
    while not condition():
        await asyncio.sleep(0.005)
