"""How many series each metric can have, found out by telling a real Metrics all that there is to tell, and nonsense."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from itertools import product

from prometheus_client.parser import text_string_to_metric_families as parse

from scaler import metrics_table as table
from scaler.metrics import Metrics
from scaler.proxies import Proxies
from scaler.status import AppStatus
from torpor.link import Load
from torpor.words import Mode, Phase

NONSENSE = ("nonsense", 'more "nonsense"')


def most(*, apps: int = 1, proxies: int = 1) -> dict[str, int]:
    """Series by metric, when all that can happen has happened to each of so many apps and proxies."""
    names = [f"app-{number}" for number in range(apps)]
    there = Proxies()
    for number in range(proxies):
        there.connect(f"proxy-{number}", "haproxy", started_at=0.0).load = Load(
            connections=1, limit=2, busy=0.5, processes=1
        )
    metrics = Metrics(lambda: [_status(name, Mode.SHADOW) for name in names], proxies=lambda: there)
    for app in names:
        for lane, outcome in _all(table.LANES, table.REQUEST_OUTCOMES):
            metrics.requests(app, lane, outcome)
        for cause, outcome in _all(table.CAUSES, table.WAKE_OUTCOMES):
            metrics.wake(app, cause, outcome, 1.0)
        for (reason,) in _all(table.SLEEP_REASONS):
            metrics.slept(app, reason)
        metrics.stages(app, dict.fromkeys((*table.STAGES, *NONSENSE), 1.0))
        metrics.sleep_aborted(app)
        metrics.hold(1.0, app)
    for (kind,) in _all(table.MESSAGES):
        metrics.system.message(kind)
    for verb, status in product((*table.VERBS, *NONSENSE), (None, *range(100, 600))):
        metrics.system.called(verb, status, 1.0)
    return count(metrics)


def idle() -> dict[str, int]:
    """The same of one app to which nothing has happened, without any proxy."""
    return count(Metrics(lambda: [_status("app")]))


def count(metrics: Metrics) -> dict[str, int]:
    """Series by metric, of Torpor's own."""
    body, _ = asyncio.run(metrics.render())
    found = Counter[str]()
    for family in parse(body.decode()):
        name = family.name + ("_total" if family.type == "counter" else "")
        found[name] = len(family.samples)
    return {name: number for name, number in found.items() if name.startswith("torpor_")}


def _all(*values: Iterable[str]) -> Iterable[tuple[str, ...]]:
    return product(*((*some, *NONSENSE) for some in values))


def _status(name: str, mode: Mode = Mode.SLEEP) -> AppStatus:
    return AppStatus(name, Phase.ASLEEP, (), 1.0, 0, 0, 300.0, None, 0, "", "", mode=mode)
