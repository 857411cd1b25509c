"""The numbers of Torpor itself: proxies, the link, and what is asked of the cluster's API server.

Counters outlive a reign; what is known of proxies is read when somebody scrapes, so one that has gone leaves no series.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from scaler import metrics_table as table
from scaler.proxies import Proxies

API_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Upper bounds, in seconds: a call has ten."""
NAME = 100
"""Characters of a proxy's name; a pod's has at most 63, and ours end in a number of each start's own."""


class SystemMetrics:
    """Counts what it is told. `proxies` and `now` (monotonic seconds) are asked at each scrape."""

    def __init__(
        self, registry: CollectorRegistry, proxies: Callable[[], Proxies | None], now: Callable[[], float]
    ) -> None:
        self._proxies = proxies
        self._now = now
        self._lost = Counter(table.LOST.name, table.LOST.help, registry=registry)
        messages = table.LINK_MESSAGES
        self._messages = Counter(messages.name, messages.help, messages.labels, registry=registry)
        calls, seconds = table.API_CALLS, table.API_SECONDS
        self._calls = Counter(calls.name, calls.help, calls.labels, registry=registry)
        self._seconds = Histogram(seconds.name, seconds.help, seconds.labels, registry=registry, buckets=API_BUCKETS)

    def lost(self) -> None:
        """A proxy has gone without a goodbye, and has been forgotten."""
        self._lost.inc()

    def message(self, kind: str) -> None:
        """Something was said on a link."""
        self._messages.labels(kind if kind in table.MESSAGES else table.OTHER).inc()

    def called(self, verb: str, status: int | None, seconds: float) -> None:
        """The API server has been asked, and answered with this status, or not at all, after so long."""
        verb = verb if verb in table.VERBS else table.OTHER
        self._calls.labels(verb, answer(status)).inc()
        if status is not None:
            self._seconds.labels(verb).observe(seconds)

    def snapshot(self) -> "Snapshot":
        """What is so now."""
        proxies, now = self._proxies(), self._now()
        if proxies is None:
            return Snapshot(0, 0, {})
        rows: dict[str, Row] = {}
        for proxy in proxies.live():
            load = proxy.load
            full = (None,) * 4 if load is None else (load.connections, load.limit, load.busy, load.processes)
            rows[proxy.name[:NAME]] = (max(0.0, now - proxy.heard_at), *full)
        return Snapshot(len(rows), len(proxies.out_of_reach()), rows)


type Row = tuple[float | None, ...]
"""One proxy's numbers, as in _OF_PROXIES; None where it does not say."""

_OF_PROXIES = (table.SILENCE, table.CONNECTIONS, table.CONNECTIONS_LIMIT, table.ENGINE_BUSY, table.ENGINE_PROCESSES)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was so when a scrape began; it is read in a thread."""

    connected: int
    out_of_reach: int
    rows: dict[str, Row]

    def collect(self) -> Iterator[Metric]:
        """The gauges."""
        for metric, value in ((table.PROXIES, self.connected), (table.OUT_OF_REACH, self.out_of_reach)):
            yield GaugeMetricFamily(metric.name, metric.help, value=value)
        for at, metric in enumerate(_OF_PROXIES):
            family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            for name, row in self.rows.items():
                if (number := row[at]) is not None:
                    family.add_metric((name,), number)
            yield family


def answer(status: int | None) -> str:
    """What an API server's status means, in one of few words."""
    match status:
        case None:
            return "none"
        case 401 | 403:
            return "denied"
        case 404 | 410:
            return "missing"
        case 409:
            return "conflict"
        case 429:
            return "throttled"
        case _:
            return "ok" if 200 <= status < 300 else table.OTHER
