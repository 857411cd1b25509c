"""The numbers for Prometheus: what is counted as it happens, and what is read from the apps when somebody scrapes.

Gauges of apps are never kept up to date: they are computed from the statuses at the scrape, so they cannot drift and
10,000 idle apps cost nothing.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from scaler import metrics_system
from scaler import metrics_table as table
from scaler.metrics_system import SystemMetrics
from scaler.proxies import Proxies
from scaler.saved import Saved
from scaler.savings import Savings
from scaler.status import AppStatus
from scaler.teams import OTHER, known_teams
from torpor.words import AppId, Mode, Phase

SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300)
"""Upper bounds of the histograms' buckets: from a warm local process to a pull of a large image."""
APP_SECONDS = (0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120)
"""The same where there is a histogram for each app of what each app's histogram of wakes says more finely."""
OPENMETRICS = "application/openmetrics-text; version=1.0.0"

# A `_created` beside every counter doubles the series, and the text format has no use for it.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # it has no annotations


class Metrics:
    """Counts what it is told, and renders the whole for a scrape.

    `statuses`, `savings`, `proxies` (None without a reign) and `leads` are asked at each scrape; `now` gives seconds
    as proxies' times are in.
    """

    def __init__(
        self,
        statuses: Callable[[], list[AppStatus]],
        savings: Savings | None = None,
        *,
        proxies: Callable[[], Proxies | None] = lambda: None,
        leads: Callable[[], bool] = lambda: True,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._statuses = statuses
        self._savings = savings or Savings()
        self._leads = leads
        self._registry = CollectorRegistry()
        self._requests = self._counter(table.REQUESTS)
        self._hold = self._histogram(table.HOLD)
        self._app_hold = self._histogram(table.APP_HOLD, APP_SECONDS)
        self._wake_seconds = self._histogram(table.WAKE)
        self._stages = self._counter(table.STAGE)
        self._wakes = self._counter(table.WAKES)
        self._sleeps = self._counter(table.SLEEPS)
        self._aborts = self._counter(table.ABORTS)
        self.system = SystemMetrics(self._registry, proxies, now)
        self._scraping = asyncio.Lock()
        ProcessCollector(registry=self._registry)

    def _counter(self, metric: table.Described) -> Counter:
        return Counter(metric.name, metric.help, metric.labels, registry=self._registry)

    def _histogram(self, metric: table.Described, buckets: tuple[float, ...] = SECONDS) -> Histogram:
        return Histogram(metric.name, metric.help, metric.labels, registry=self._registry, buckets=buckets)

    @staticmethod
    def describe() -> list[table.Described]:
        """Every metric of Torpor's own: name, type, labels, help."""
        return list(table.ALL)

    # Counting

    def requests(self, app: AppId, lane: str, outcome: str, n: int = 1) -> None:
        """So many visits have ended so."""
        if n > 0:
            self._requests.labels(app, _one_of(table.LANES, lane), _one_of(table.REQUEST_OUTCOMES, outcome)).inc(n)

    def hold(self, seconds: float, app: AppId = "") -> None:
        """A held visit was let go after this long; of an app, unless that is managed no more."""
        if math.isfinite(seconds):
            self._hold.observe(max(0.0, seconds))
            if app:
                self._app_hold.labels(app).observe(max(0.0, seconds))

    def wake(self, app: AppId, cause_kind: str, outcome: str, seconds: float | None) -> None:
        """A wake has ended. Only wakes that end in `ready` say how long a wake takes."""
        kind = _one_of(table.CAUSES, cause_kind)
        for possible in table.USUAL_OUTCOMES:
            self._wakes.labels(app, kind, possible)  # from 0, else nobody sees the first failure as one more
        self._wakes.labels(app, kind, _one_of(table.WAKE_OUTCOMES, outcome)).inc()
        if outcome == "ready" and seconds is not None:
            self._wake_seconds.labels(app).observe(max(0.0, seconds))

    def stages(self, app: AppId, seconds: Mapping[str, float]) -> None:
        """A wake that ended in `ready` has spent so long in stages of each kind."""
        for stage, spent in seconds.items():
            self._stages.labels(app, _one_of(table.STAGES, stage)).inc(max(0.0, spent))

    def slept(self, app: AppId, reason_kind: str) -> None:
        """The app has gone to sleep."""
        self._sleeps.labels(app, _one_of(table.SLEEP_REASONS, reason_kind)).inc()

    def sleep_aborted(self, app: AppId) -> None:
        """A sleep was called off."""
        self._aborts.labels(app).inc()

    def forget(self, app: AppId) -> None:
        """Drop every series of an app that is managed no more."""
        for counter, values in (
            (self._requests, (table.LANES, table.REQUEST_OUTCOMES)),
            (self._wakes, (table.CAUSES, table.WAKE_OUTCOMES)),
            (self._sleeps, (table.SLEEP_REASONS,)),
            (self._aborts, ()),
            (self._wake_seconds, ()),
            (self._app_hold, ()),
            (self._stages, (table.STAGES,)),
        ):
            for others in product(*values):
                counter.remove(app, *others)
        self._savings.forget(app)

    # Scraping

    async def render(self, accept: str = "") -> tuple[bytes, str]:
        """The whole as text, and its Content-Type: the OpenMetrics format for those who accept it, else the classic.

        The apps are read here, in the loop; the text, a second's work at 10,000 apps, is made in a thread, one scrape
        at a time.
        """
        async with self._scraping:
            # Only what it is sure to understand: prometheus-client raises TypeError for `version=x`.
            encode, content_type = choose_encoder(OPENMETRICS if OPENMETRICS.partition(";")[0] in accept else "")
            apps = self._statuses()
            saved = [(app.id, self._savings.asleep.read(app.id)) for app in apps]
            shadows = [
                (app.id, self._savings.shadow.read(app.id), self._savings.shadow.runs(app.id))
                for app in apps
                if app.mode is Mode.SHADOW
            ]
            snapshot = _Snapshot(self._registry, apps, saved, shadows, self.system.snapshot(), self._leads())
            return await asyncio.to_thread(encode, snapshot), content_type


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What an encoder reads in its thread: counters, which lock, and what was so when it began."""

    registry: CollectorRegistry
    statuses: list[AppStatus]
    saved: list[tuple[AppId, Saved]]
    shadows: list[tuple[AppId, Saved, int]]
    """Of those in shadow mode, with how often each would have gone to sleep."""
    system: metrics_system.Snapshot
    leads: bool

    def collect(self) -> Iterator[Metric]:
        """All metrics, as prometheus-client calls for them."""
        apps = self.statuses
        yield from self.registry.collect()
        yield from self.system.collect()
        yield _gauge(table.LEADER, [((), int(self.leads))])
        yield _gauge(table.HELD, (((app.id,), app.held) for app in apps))
        yield _gauge(table.IN_FLIGHT, (((app.id,), app.in_flight) for app in apps))
        yield _gauge(table.PHASE, (((app.id, phase.value), int(phase is app.phase)) for app in apps for phase in Phase))
        yield _gauge(table.ACCESS, (((app.id,), app.last_access) for app in apps if app.last_access is not None))
        yield _counter(table.ASLEEP, (((app,), saved.seconds) for app, saved in self.saved))
        yield _counter(table.SAVED_CPU, (((app,), saved.cpu) for app, saved in self.saved))
        yield _counter(table.SAVED_MEMORY, (((app,), saved.memory) for app, saved in self.saved))
        yield _counter(table.SHADOW_SLEEPS, (((app,), times) for app, _, times in self.shadows))
        yield _counter(table.SHADOW_ASLEEP, (((app,), saved.seconds) for app, saved, _ in self.shadows))
        yield _counter(table.SHADOW_CPU, (((app,), saved.cpu) for app, saved, _ in self.shadows))
        yield _counter(table.SHADOW_MEMORY, (((app,), saved.memory) for app, saved, _ in self.shadows))
        teams = known_teams(app.team for app in apps)
        yield _gauge(
            table.INFO, (((app.id, app.team if app.team in teams else OTHER, app.mode.value), 1) for app in apps)
        )


type _Samples = Iterable[tuple[tuple[str, ...], float]]


def _gauge(metric: table.Described, samples: _Samples) -> Metric:
    return _filled(GaugeMetricFamily(metric.name, metric.help, labels=metric.labels), samples)


def _counter(metric: table.Described, samples: _Samples) -> Metric:
    return _filled(CounterMetricFamily(metric.name, metric.help, labels=metric.labels), samples)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, samples: _Samples) -> Metric:
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _one_of(allowed: tuple[str, ...], value: str) -> str:
    return value if value in allowed else table.OTHER
