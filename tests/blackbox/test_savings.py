"""What sleeping saves, shadow mode, and hours in which apps are kept awake, as `torpor up` does it."""

import json
from typing import Any

import pytest

from tests.blackbox.asking import wait
from tests.blackbox.torpor_up import Torpor, Up, answering

REQUESTS = {"cpu": "2", "memory": "1Gi"}
ALWAYS = "00:00-24:00 Europe/Berlin"


def savings(torpor: Torpor, app: str) -> dict[str, Any]:
    done = torpor.command("savings", "--json")
    assert done.returncode == 0, done
    found: dict[str, Any] = next(one for one in json.loads(done.stdout)["apps"] if one["id"] == app)
    return found


def metric(torpor: Torpor, name: str, app: str) -> float | None:
    for line in torpor.rest("GET", "/metrics").body.decode().splitlines():
        if line.startswith(f'{name}{{app="{app}"}} '):
            return float(line.rpartition(" ")[2])
    return None


def test_sleeping_saves_what_the_app_requests_and_money_by_the_price(up: Up) -> None:
    price = {"cpu_core_hour": 3600, "currency": "EUR"}
    torpor = up({"price": price, "apps": {"notes": answering("notes", requests=REQUESTS, team="docs")}})
    saved = savings(torpor, "notes")["saved"]
    assert saved["asleep_seconds"] > 0
    assert saved["cpu_core_seconds"] == pytest.approx(saved["asleep_seconds"] * 2, abs=0.01)
    assert saved["memory_byte_seconds"] == pytest.approx(saved["asleep_seconds"] * 2**30, abs=0.01 * 2**30)
    assert saved["money"] == pytest.approx(saved["cpu_core_seconds"], abs=0.01)

    torpor.visit("notes")
    awake = savings(torpor, "notes")["saved"]
    assert savings(torpor, "notes")["saved"] == awake
    assert metric(torpor, "torpor_saved_cpu_core_seconds_total", "notes") == pytest.approx(
        awake["cpu_core_seconds"], abs=0.01
    )

    torpor.sleep("notes")
    wait(lambda: savings(torpor, "notes")["saved"]["asleep_seconds"] > awake["asleep_seconds"])
    table = torpor.command("savings").stdout
    assert "Saved by sleeping:" in table
    assert "docs" in table
    assert "EUR" in table


def test_in_shadow_mode_it_is_measured_what_would_sleep_and_nothing_sleeps(up: Up) -> None:
    notes = answering("notes", idle_timeout="300ms", requests=REQUESTS)
    sleepy = answering("sleepy", idle_timeout="300ms", mode="sleep")
    torpor = up({"mode": "shadow", "apps": {"notes": notes, "sleepy": sleepy}})
    first = torpor.visit("notes").json()
    torpor.visit("sleepy")
    torpor.wait_phase("sleepy", "asleep")
    wait(lambda: torpor.app("notes")["shadow_since"] is not None)
    assert torpor.phase("notes") == "awake"
    assert torpor.rest("POST", "/v1/apps/notes/sleep").status == 409
    wait(lambda: savings(torpor, "notes")["would_save"]["cpu_core_seconds"] > 0)

    assert torpor.visit("notes").json()["pid"] == first["pid"]
    wait(lambda: savings(torpor, "notes")["would_save"]["sleeps"] >= 2)
    assert torpor.visit("notes").json()["pid"] == first["pid"]
    assert (metric(torpor, "torpor_shadow_sleeps_total", "notes") or 0) >= 2
    assert metric(torpor, "torpor_shadow_sleeps_total", "sleepy") is None
    assert "In shadow mode sleeping would have saved:" in torpor.command("savings").stdout


def test_an_app_is_kept_awake_in_its_hours_and_an_operator_may_put_it_to_sleep(up: Up) -> None:
    kept = answering("kept", idle_timeout="300ms", keep_awake=ALWAYS)
    probe = answering("probe", idle_timeout="300ms")
    torpor = up({"apps": {"kept": kept, "probe": probe}})
    assert torpor.phase("kept") == "asleep"  # kept awake is not woken
    torpor.visit("kept")
    torpor.visit("probe")
    torpor.wait_phase("probe", "asleep")  # as much time as another app with this timeout takes
    assert torpor.phase("kept") == "awake"
    assert torpor.app("kept")["sleeps_at"] is None
    torpor.sleep("kept")
    assert torpor.phase("kept") == "asleep"
