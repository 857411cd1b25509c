"""Crawlers, monitors and probes neither wake an app nor keep it awake."""

import time
from pathlib import Path

import pytest

from tests.blackbox.torpor_up import DEADLINE, Up, answering, starts

AGENTS = {
    "crawler": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "monitor": "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "probe": "kube-probe/1.36",
}


@pytest.mark.parametrize("agent", AGENTS.values(), ids=AGENTS)
def test_it_neither_wakes_an_app_nor_keeps_it_awake(up: Up, tmp_path: Path, agent: str) -> None:
    log = tmp_path / "starts"
    torpor = up({"idle_timeout": "1s", "apps": {"app": answering("app", STARTS=log)}})
    told = torpor.visit("app", headers={"User-Agent": agent})
    assert told.status == 503
    assert told.headers["Torpor-Phase"] == "asleep"
    assert int(told.headers["Retry-After"]) >= 60
    assert torpor.phase("app") == "asleep"
    assert starts(log) == []

    assert torpor.visit("app").status == 200
    end = time.monotonic() + DEADLINE
    while (reply := torpor.visit("app", headers={"User-Agent": agent})).status == 200:
        assert time.monotonic() < end, "it was kept awake"
        time.sleep(0.1)
    assert reply.headers["Torpor-Phase"] == "asleep"
    torpor.wait_phase("app", "asleep")
    assert len(starts(log)) == 1


def test_a_monitor_may_be_told_that_all_is_well(up: Up, tmp_path: Path) -> None:
    log = tmp_path / "starts"
    torpor = up({"monitor_status": 200, "apps": {"app": answering("app", STARTS=log)}})
    told = torpor.visit("app", headers={"User-Agent": AGENTS["monitor"]})
    assert told.status == 200
    assert told.headers["Torpor-Phase"] == "asleep"
    assert torpor.visit("app", headers={"User-Agent": AGENTS["crawler"]}).status == 503
    assert starts(log) == []


def test_a_favicon_does_not_wake_and_an_unknown_host_is_told_nothing(up: Up, tmp_path: Path) -> None:
    log = tmp_path / "starts"
    torpor = up({"apps": {"secret": answering("secret", STARTS=log)}})
    assert torpor.visit("secret", "/favicon.ico").status == 503
    unknown = torpor.visit("other")
    assert unknown.status == 404
    assert b"secret" not in unknown.body
    assert starts(log) == []
