from typing import Any

import pytest

from scaler.requests import NOTHING, Requests
from scaler.saved import Saved
from scaler.savings_report import Line, report
from scaler.tally import Tally
from torpor.savings_settings import PriceSettings
from torpor.words import Mode

NOW = 1_780_000_000.0
HOURS = 3600.0
GIB = 2**30
PRICE = PriceSettings(cpu_core_hour=0.04, memory_gib_hour=0.005, currency="EUR")


def slept(app: str, hours: float, *, team: str = "", cores: float = 0.5, since: float = NOW - 10 * HOURS) -> Line:
    saved = Saved(hours * HOURS, hours * HOURS * cores, hours * HOURS * 2 * GIB)
    return Line(app, team, Mode.SLEEP, 2, Requests(int(cores * 500), GIB), Tally(saved, since), None, 0)


def measured(app: str, hours: float, *, sleeps: int = 3) -> Line:
    shadow = Tally(Saved(hours * HOURS, hours * HOURS, 0), NOW - 5 * HOURS)
    return Line(app, "", Mode.SHADOW, 1, Requests(1000, 0), Tally(Saved(), NOW), shadow, sleeps)


def told(*lines: Line, price: PriceSettings | None = None) -> Any:
    return report(lines, price, NOW)


def test_an_app_is_told_with_what_it_requests_and_since_when() -> None:
    (app,) = told(slept("shop/web", 4, team="shop"))["apps"]
    assert app == {
        "id": "shop/web",
        "team": "shop",
        "mode": "sleep",
        "replicas": 2,
        "requests": {"cpu": 0.25, "memory": GIB},
        "saved": {
            "since": "2026-05-28T10:26:40.000Z",
            "asleep_seconds": 4 * HOURS,
            "cpu_core_seconds": 2 * HOURS,
            "memory_byte_seconds": 8 * GIB * HOURS,
            "money": None,
        },
        "would_save": None,
    }


def test_money_is_core_hours_and_gib_hours_times_their_price() -> None:
    answer = told(slept("shop/web", 4), price=PRICE)
    assert answer["price"] == {"cpu_core_hour": 0.04, "memory_gib_hour": 0.005, "currency": "EUR"}
    assert answer["apps"][0]["saved"]["money"] == pytest.approx(2 * 0.04 + 8 * 0.005)
    assert answer["total"]["saved"]["money"] == answer["apps"][0]["saved"]["money"]


def test_teams_and_the_sum_add_up_since_the_earliest() -> None:
    answer = told(slept("a", 1, team="x"), slept("b", 2, team="x", since=NOW - 20 * HOURS), slept("c", 4))
    assert [(one["team"], one["apps"], one["saved"]["asleep_seconds"]) for one in answer["teams"]] == [
        ("", 1, 4 * HOURS),
        ("x", 2, 3 * HOURS),
    ]
    assert answer["total"]["apps"] == 3
    assert answer["total"]["saved"]["asleep_seconds"] == 7 * HOURS
    assert answer["total"]["saved"]["since"] == "2026-05-28T00:26:40.000Z"


def test_what_is_only_measured_is_told_apart() -> None:
    answer = told(slept("a", 1), measured("b", 2))
    first, second = answer["apps"]
    assert (first["would_save"], second["mode"]) == (None, "shadow")
    assert second["would_save"]["sleeps"] == 3
    assert second["would_save"]["cpu_core_seconds"] == 2 * HOURS
    assert answer["total"]["saved"]["asleep_seconds"] == 1 * HOURS
    assert answer["total"]["would_save"]["asleep_seconds"] == 2 * HOURS


def test_of_no_app_there_is_a_sum_too() -> None:
    assert told()["total"] == {
        "apps": 0,
        "saved": {
            "since": None,
            "asleep_seconds": 0.0,
            "cpu_core_seconds": 0.0,
            "memory_byte_seconds": 0.0,
            "money": None,
        },
        "would_save": None,
    }


def test_teams_without_end_are_others() -> None:
    lines = [Line(f"a{n}", f"t{n}", Mode.SLEEP, 1, NOTHING, Tally(Saved(), NOW), None, 0) for n in range(300)]
    teams = told(*lines)["teams"]
    assert len(teams) == 101
    assert {"team": "other", "apps": 200}.items() <= next(one for one in teams if one["team"] == "other").items()
