"""Proxies, the link and the cluster's API server in numbers: who has gone has none, and labels have few values."""

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from scaler import metrics_table as table
from scaler.metrics_system import NAME, SystemMetrics, answer
from scaler.proxies import Proxies
from torpor import link

LOAD = link.Load(connections=3, limit=100, busy=0.25, processes=2)


def gauges(system: SystemMetrics) -> dict[str, dict[tuple[str, ...], float]]:
    def labels(family: Metric) -> dict[tuple[str, ...], float]:
        return {tuple(sample.labels.values()): sample.value for sample in family.samples}

    return {family.name: labels(family) for family in system.snapshot().collect()}


def test_each_proxy_that_is_there_is_shown_with_what_it_says() -> None:
    proxies, now = Proxies(), 12.0
    system = SystemMetrics(CollectorRegistry(), lambda: proxies, lambda: now)
    one, two = (proxies.connect(name, "haproxy", started_at=0.0) for name in ("one", "two"))
    one.heard_at, one.load, two.heard_at = 10.0, LOAD, 13.0
    assert gauges(system) == {
        "torpor_proxies_connected": {(): 2},
        "torpor_proxies_out_of_reach": {(): 0},
        "torpor_proxy_silence_seconds": {("one",): 2.0, ("two",): 0.0},
        "torpor_proxy_connections": {("one",): 3},
        "torpor_proxy_connections_limit": {("one",): 100},
        "torpor_proxy_engine_busy_ratio": {("one",): 0.25},
        "torpor_proxy_engine_processes": {("one",): 2},
    }
    proxies.disconnect(one, now, clean=False)
    proxies.disconnect(two, now, clean=True)
    found = gauges(system)
    assert found.pop("torpor_proxies_out_of_reach") == {(): 1}
    assert found.pop("torpor_proxies_connected") == {(): 0}
    assert not any(found.values())


def test_without_a_reign_there_are_no_proxies() -> None:
    found = gauges(SystemMetrics(CollectorRegistry(), lambda: None, lambda: 0.0))
    assert found["torpor_proxies_connected"] == {(): 0}
    assert found["torpor_proxy_silence_seconds"] == {}


def test_a_name_without_an_end_is_cut() -> None:
    proxies = Proxies()
    proxies.connect("x" * 10_000, "haproxy", started_at=0.0)
    (name,) = gauges(SystemMetrics(CollectorRegistry(), lambda: proxies, lambda: 0.0))["torpor_proxy_silence_seconds"]
    assert name == ("x" * NAME,)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        *((200, "ok"), (201, "ok"), (401, "denied"), (403, "denied"), (404, "missing"), (410, "missing")),
        *((409, "conflict"), (429, "throttled"), (500, "other"), (422, "other"), (101, "other"), (None, "none")),
    ],
)
def test_a_status_is_one_of_a_few_words(status: int | None, word: str) -> None:
    assert answer(status) == word
    assert word in table.ANSWERS


def test_calls_and_messages_have_few_series_whatever_is_told() -> None:
    registry = CollectorRegistry()
    system = SystemMetrics(registry, lambda: None, lambda: 0.0)
    for number in range(20):
        system.message(f"kind {number}")
        system.called(f"verb {number}", 200, 0.01)
    system.called("patch", None, 5.0)
    system.lost()
    assert registry.get_sample_value("torpor_link_messages_total", {"kind": "other"}) == 20
    assert registry.get_sample_value("torpor_kubernetes_requests_total", {"verb": "other", "answer": "ok"}) == 20
    assert registry.get_sample_value("torpor_kubernetes_requests_total", {"verb": "patch", "answer": "none"}) == 1
    assert registry.get_sample_value("torpor_kubernetes_request_seconds_count", {"verb": "patch"}) is None
    assert registry.get_sample_value("torpor_proxies_lost_total") == 1


def test_every_message_of_the_link_has_a_kind_of_its_own() -> None:
    kinds = {
        one.model_fields["kind"].default for one in vars(link).values() if "kind" in getattr(one, "model_fields", ())
    }
    assert {*table.MESSAGES} == kinds | {"other"}
