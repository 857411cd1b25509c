"""The metrics as Prometheus reads them: names, labels, values, and that nobody outside can make a series."""

import asyncio
from collections.abc import Iterable

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from scaler.metrics import Metrics
from scaler.proxies import Proxies
from scaler.requests import Requests
from scaler.saved import Saved
from scaler.savings import Savings
from scaler.status import AppStatus
from torpor.clock import HandClock
from torpor.link import Load
from torpor.words import Mode, Phase

NOW = 1_700_000_000.0

STAGE = "torpor_wake_stage_seconds_total"

NAMES_AND_LABELS = {
    "torpor_requests_total": ("counter", {"app", "lane", "outcome"}),
    "torpor_held_requests": ("gauge", {"app"}),
    "torpor_hold_seconds": ("histogram", set()),
    "torpor_wake_seconds": ("histogram", {"app"}),
    "torpor_wakes_total": ("counter", {"app", "cause", "outcome"}),
    "torpor_sleeps_total": ("counter", {"app", "reason"}),
    "torpor_sleep_aborts_total": ("counter", {"app"}),
    "torpor_app_phase": ("gauge", {"app", "phase"}),
    "torpor_app_last_access_timestamp_seconds": ("gauge", {"app"}),
    "torpor_app_in_flight": ("gauge", {"app"}),
    "torpor_app_asleep_seconds_total": ("counter", {"app"}),
    "torpor_saved_cpu_core_seconds_total": ("counter", {"app"}),
    "torpor_saved_memory_byte_seconds_total": ("counter", {"app"}),
    "torpor_app_hold_seconds": ("histogram", {"app"}),
    "torpor_wake_stage_seconds_total": ("counter", {"app", "stage"}),
    "torpor_shadow_sleeps_total": ("counter", {"app"}),
    "torpor_shadow_asleep_seconds_total": ("counter", {"app"}),
    "torpor_shadow_saved_cpu_core_seconds_total": ("counter", {"app"}),
    "torpor_shadow_saved_memory_byte_seconds_total": ("counter", {"app"}),
    "torpor_app_info": ("gauge", {"app", "team", "mode"}),
    "torpor_proxies_connected": ("gauge", set()),
    "torpor_proxies_lost_total": ("counter", set()),
    "torpor_proxies_out_of_reach": ("gauge", set()),
    "torpor_proxy_silence_seconds": ("gauge", {"proxy"}),
    "torpor_proxy_connections": ("gauge", {"proxy"}),
    "torpor_proxy_connections_limit": ("gauge", {"proxy"}),
    "torpor_proxy_engine_busy_ratio": ("gauge", {"proxy"}),
    "torpor_proxy_engine_processes": ("gauge", {"proxy"}),
    "torpor_link_messages_total": ("counter", {"kind"}),
    "torpor_kubernetes_requests_total": ("counter", {"verb", "answer"}),
    "torpor_kubernetes_request_seconds": ("histogram", {"verb"}),
    "torpor_leader": ("gauge", set()),
}


def an_app(name: str, phase: Phase = Phase.AWAKE, *, since: float = NOW - 10, **more: object) -> AppStatus:
    fields: dict[str, object] = {
        "hosts": (f"{name}.localhost",),
        "last_access": NOW - 1.5,
        "in_flight": 0,
        "held": 0,
        "idle_timeout": 300.0,
        "sleeps_at": None,
        "replicas": 1,
        "cause": "",
        "reason": "",
        **more,
    }
    return AppStatus(id=name, phase=phase, since=since, **fields)  # type: ignore[arg-type] # the fields are as named


def busy_metrics(*present: AppStatus, apps: list[AppStatus] | None = None) -> Metrics:
    apps = list(present) if apps is None else apps
    metrics = Metrics(lambda: apps, proxies=two_proxies, leads=lambda: True, now=lambda: 12.0)
    for app in apps:
        metrics.hold(0.3, app.id)
        metrics.stages(app.id, {"needs": 0.1, "probing": 0.3})
        metrics.requests(app.id, "fast", "forwarded", 7)
        metrics.wake(app.id, "visit", "ready", 0.4)
        metrics.slept(app.id, "idle")
        metrics.sleep_aborted(app.id)
    metrics.hold(0.3)
    metrics.system.message("beat")
    metrics.system.called("patch", 200, 0.01)
    return metrics


def two_proxies() -> Proxies:
    """One that says how full it is, and one that cannot."""
    proxies = Proxies()
    for name, load in (("one", Load(connections=3, limit=100, busy=0.25, processes=2)), ("two", None)):
        proxy = proxies.connect(name, "haproxy", started_at=0.0)
        proxy.heard_at, proxy.load = 10.0, load
    return proxies


def families(text: Iterable[Metric]) -> dict[str, Metric]:
    return {family.name: family for family in text}


async def scrape(metrics: Metrics) -> dict[str, Metric]:
    body, _ = await metrics.render()
    return families(parse(body.decode()))


async def value(metrics: Metrics, sample: str, **labels: str) -> float | None:
    """The value of one series; None when there is no such series."""
    for family in (await scrape(metrics)).values():
        for found in family.samples:
            if found.name == sample and found.labels == labels:
                return found.value
    return None


async def test_names_types_and_labels_are_those_of_the_design() -> None:
    scraped = await scrape(busy_metrics(an_app("notes"), an_app("wiki", mode=Mode.SHADOW)))
    ours = {name: family for name, family in scraped.items() if name.startswith("torpor_")}
    found = {
        name + ("_total" if family.type == "counter" else ""): (
            family.type,
            {label for sample in family.samples for label in sample.labels} - {"le"},
        )
        for name, family in ours.items()
    }
    assert found == NAMES_AND_LABELS


def test_the_description_for_the_readme_is_what_is_scraped() -> None:
    assert {d.name: (d.type, set(d.labels)) for d in Metrics.describe()} == NAMES_AND_LABELS
    assert all(d.help.endswith(".") for d in Metrics.describe())


async def test_the_help_and_the_process_are_scraped_too() -> None:
    scraped = await scrape(busy_metrics(an_app("notes")))
    assert scraped["torpor_leader"].documentation == {d.name: d.help for d in Metrics.describe()}["torpor_leader"]
    assert "process_resident_memory_bytes" in scraped
    assert not [name for name in scraped if name.endswith("_created")]


async def test_openmetrics_is_given_to_those_who_accept_it() -> None:
    body, content_type = await busy_metrics(an_app("notes")).render("application/openmetrics-text;version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert families(parse_openmetrics(body.decode()))["torpor_requests"].samples[0].value == 7


@pytest.mark.parametrize("accept", ["*/*", "text/plain; version=x", "text/plain; version=1.0.0", ";;,=", "text/html"])
async def test_everyone_else_is_given_the_classic_format(accept: str) -> None:
    _, content_type = await Metrics(list).render(accept)
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    _, content_type = await Metrics(list).render("application/openmetrics-text; version=x, " + accept)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")


async def test_the_gauges_of_an_app_are_read_at_the_scrape() -> None:
    apps = [an_app("notes", in_flight=3, held=2)]
    metrics = Metrics(lambda: apps, proxies=two_proxies, leads=lambda: False)
    assert await value(metrics, "torpor_app_in_flight", app="notes") == 3
    assert await value(metrics, "torpor_held_requests", app="notes") == 2
    assert await value(metrics, "torpor_app_last_access_timestamp_seconds", app="notes") == NOW - 1.5
    assert await value(metrics, "torpor_proxies_connected") == 2
    assert await value(metrics, "torpor_leader") == 0
    phases = {phase: await value(metrics, "torpor_app_phase", app="notes", phase=phase) for phase in Phase}
    assert phases == {phase: float(phase is Phase.AWAKE) for phase in Phase}
    apps[:] = [an_app("notes", in_flight=1)]
    assert await value(metrics, "torpor_app_in_flight", app="notes") == 1


async def test_an_app_that_nobody_ever_used_has_no_last_access() -> None:
    metrics = Metrics(lambda: [an_app("notes", last_access=None)])
    assert await value(metrics, "torpor_app_last_access_timestamp_seconds", app="notes") is None


async def test_what_sleeping_has_saved_is_reckoned_at_the_scrape() -> None:
    clock = HandClock()
    savings = Savings(clock)
    metrics = Metrics(lambda: [an_app("notes", Phase.ASLEEP), an_app("wiki")], savings)
    savings.asleep.count("notes", Requests(cpu=500, memory=1024))
    for seconds in (0, 40, 2):
        clock.advance(seconds)
        saved = savings.asleep.read("notes")
        assert await value(metrics, "torpor_app_asleep_seconds_total", app="notes") == saved.seconds
        assert await value(metrics, "torpor_saved_cpu_core_seconds_total", app="notes") == saved.cpu
        assert await value(metrics, "torpor_saved_memory_byte_seconds_total", app="notes") == saved.memory
    assert saved == Saved(42, 21, 42 * 1024)
    assert await value(metrics, "torpor_saved_cpu_core_seconds_total", app="wiki") == 0


async def test_what_would_have_been_saved_has_names_of_its_own_and_only_where_it_is_measured() -> None:
    clock = HandClock()
    savings = Savings(clock)
    metrics = Metrics(lambda: [an_app("notes", mode=Mode.SHADOW, team="shop"), an_app("wiki")], savings)
    savings.shadow.count("notes", Requests(cpu=500, memory=1024))
    clock.advance(10)
    assert await value(metrics, "torpor_shadow_asleep_seconds_total", app="notes") == 10
    assert await value(metrics, "torpor_shadow_saved_cpu_core_seconds_total", app="notes") == 5
    assert await value(metrics, "torpor_shadow_saved_memory_byte_seconds_total", app="notes") == 10240
    assert await value(metrics, "torpor_shadow_sleeps_total", app="notes") == 1
    assert await value(metrics, "torpor_saved_cpu_core_seconds_total", app="notes") == 0
    assert await value(metrics, "torpor_shadow_asleep_seconds_total", app="wiki") is None
    assert await value(metrics, "torpor_app_info", app="notes", team="shop", mode="shadow") == 1
    assert await value(metrics, "torpor_app_info", app="wiki", team="", mode="sleep") == 1


async def test_teams_beyond_a_hundred_are_others() -> None:
    metrics = Metrics(lambda: [an_app(f"app-{n:03}", team=f"team-{n:03}") for n in range(150)])
    (info,) = [family for name, family in (await scrape(metrics)).items() if name == "torpor_app_info"]
    assert len({sample.labels["team"] for sample in info.samples}) == 101


async def test_only_wakes_that_end_well_say_how_long_a_wake_takes() -> None:
    metrics = Metrics(list)
    metrics.wake("notes", "visit", "ready", 0.2)
    metrics.wake("notes", "visit", "timeout", 60.0)
    metrics.wake("notes", "operator", "failed", None)
    assert await value(metrics, "torpor_wake_seconds_count", app="notes") == 1
    assert await value(metrics, "torpor_wake_seconds_sum", app="notes") == 0.2
    assert await value(metrics, "torpor_wakes_total", app="notes", cause="visit", outcome="timeout") == 1
    assert await value(metrics, "torpor_wakes_total", app="notes", cause="operator", outcome="failed") == 1


async def test_time_in_stages_adds_up_by_kind() -> None:
    metrics = Metrics(list)
    metrics.stages("notes", {"needs": 0.5, "probing": 0.25})
    metrics.stages("notes", {"probing": 0.25, "dancing": 1.0})
    spent = {stage: await value(metrics, STAGE, app="notes", stage=stage) for stage in ("needs", "probing", "other")}
    assert spent == {"needs": 0.5, "probing": 0.5, "other": 1.0}


async def test_a_hold_counts_for_all_and_for_its_app() -> None:
    metrics = Metrics(list)
    metrics.hold(0.3, "notes")
    metrics.hold(0.3)
    assert await value(metrics, "torpor_hold_seconds_count") == 2
    assert await value(metrics, "torpor_app_hold_seconds_count", app="notes") == 1


async def test_failures_are_counted_from_nothing_on_since_the_first_wake() -> None:
    metrics = Metrics(list)
    metrics.wake("notes", "visit", "ready", 0.2)
    assert await value(metrics, "torpor_wakes_total", app="notes", cause="visit", outcome="failed") == 0


async def test_a_label_value_that_nobody_knows_counts_as_other() -> None:
    metrics = Metrics(list)
    for number in range(3):
        metrics.requests("notes", f"lane {number}", f"outcome {number}", 1)
        metrics.wake("notes", f"cause {number}", f"outcome {number}", 1.0)
        metrics.slept("notes", f"reason {number}")
    assert await value(metrics, "torpor_requests_total", app="notes", lane="other", outcome="other") == 3
    assert await value(metrics, "torpor_wakes_total", app="notes", cause="other", outcome="other") == 3
    assert await value(metrics, "torpor_sleeps_total", app="notes", reason="other") == 3
    scraped = await scrape(metrics)
    assert len(scraped["torpor_requests"].samples) == 1
    assert len(scraped["torpor_wakes"].samples) == 4  # with those that are usual, which begin at 0


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
async def test_a_nonsensical_hold_cannot_spoil_the_sum(seconds: float) -> None:
    metrics = Metrics(list)
    metrics.hold(0.5)
    metrics.hold(seconds)
    metrics.requests("notes", "fast", "forwarded", -3)
    assert await value(metrics, "torpor_hold_seconds_sum") == 0.5
    assert await value(metrics, "torpor_requests_total", app="notes", lane="fast", outcome="forwarded") is None


async def test_an_app_that_is_forgotten_leaves_no_series_behind() -> None:
    apps = [an_app("notes"), an_app("wiki", Phase.ASLEEP)]
    metrics = busy_metrics(apps=apps)
    del apps[0]
    metrics.forget("notes")
    body, _ = await metrics.render()
    assert b"notes" not in body
    assert await value(metrics, "torpor_requests_total", app="wiki", lane="fast", outcome="forwarded") == 7


async def test_an_app_with_a_hostile_name_is_escaped() -> None:
    name = 'a"b\\c\nd{} 1'
    assert await value(busy_metrics(an_app(name)), "torpor_app_in_flight", app=name) == 0


async def test_the_loop_stays_alive_while_thousands_of_apps_are_scraped() -> None:
    metrics = Metrics(lambda: [an_app(f"team/app-{n}", Phase.ASLEEP) for n in range(3_000)])
    turns = 0
    async with asyncio.TaskGroup() as group:
        scraping = group.create_task(metrics.render())
        while not scraping.done():
            turns += 1
            await asyncio.sleep(0.001)
    assert turns > 3
    assert scraping.result()[0].count(b"\ntorpor_app_phase{") == 15_000
