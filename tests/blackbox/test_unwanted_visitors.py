"""Crawlers, monitors and probes neither wake an app nor keep it awake."""

import time
from collections.abc import Iterator

import pytest

from tests.blackbox.torpor_up import DEADLINE, Torpor, answering, starts

AGENTS = {
    "crawler": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "monitor": "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "probe": "kube-probe/1.36",
}


@pytest.fixture(scope="module")
def torpor(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Torpor]:
    directory = tmp_path_factory.mktemp("unwanted")
    apps = {
        **{name: answering(name, STARTS=directory / name, idle_timeout="1s") for name in AGENTS},
        "polite": answering("polite", STARTS=directory / "polite", monitor_status=200),
        "secret": answering("secret", STARTS=directory / "secret"),
    }
    with Torpor.up(directory, {"engine": engine, "apps": apps}) as running:
        yield running


@pytest.mark.parametrize(("app", "agent"), AGENTS.items(), ids=AGENTS)
def test_it_neither_wakes_an_app_nor_keeps_it_awake(torpor: Torpor, app: str, agent: str) -> None:
    told = torpor.visit(app, headers={"User-Agent": agent})
    assert told.status == 503
    assert told.headers["Torpor-Phase"] == "asleep"
    assert int(told.headers["Retry-After"]) >= 60
    assert torpor.phase(app) == "asleep"
    assert starts(torpor.directory / app) == []

    assert torpor.visit(app).status == 200
    end = time.monotonic() + DEADLINE
    while (reply := torpor.visit(app, headers={"User-Agent": agent})).status == 200:
        assert time.monotonic() < end, "it was kept awake"
        time.sleep(0.1)
    assert reply.headers["Torpor-Phase"] == "asleep"
    torpor.wait_phase(app, "asleep")
    assert len(starts(torpor.directory / app)) == 1


def test_a_monitor_may_be_told_that_all_is_well(torpor: Torpor) -> None:
    told = torpor.visit("polite", headers={"User-Agent": AGENTS["monitor"]})
    assert told.status == 200
    assert told.headers["Torpor-Phase"] == "asleep"
    assert torpor.visit("polite", headers={"User-Agent": AGENTS["crawler"]}).status == 503
    assert starts(torpor.directory / "polite") == []


def test_a_favicon_does_not_wake_and_an_unknown_host_is_told_nothing(torpor: Torpor) -> None:
    assert torpor.visit("secret", "/favicon.ico").status == 503
    unknown = torpor.visit("other")
    assert unknown.status == 404
    assert b"secret" not in unknown.body
    assert starts(torpor.directory / "secret") == []
