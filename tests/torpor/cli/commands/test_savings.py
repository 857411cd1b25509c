"""`torpor savings`."""

import json
from typing import Any

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi

GIB_HOUR = 2**30 * 3600


def amounts(hours: float, money: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        "since": "2026-11-01T12:30:00.000Z",
        "asleep_seconds": hours * 3600,
        "cpu_core_seconds": hours * 1800,
        "memory_byte_seconds": hours * GIB_HOUR,
        "money": money,
        **more,
    }


def answer(*, money: float | None = None, shadow: bool = False, team: str = "") -> dict[str, Any]:
    saved, would = amounts(50, money), amounts(10, money, sleeps=4) if shadow else None
    apps = [{"id": "shop/web", "team": team, "mode": "sleep", "saved": saved, "would_save": None}]
    if shadow:
        apps.append({"id": "shop/new", "team": "", "mode": "shadow", "saved": amounts(0, money), "would_save": would})
    return {
        "at": "2026-11-03T16:30:00.000Z",
        "price": None if money is None else {"cpu_core_hour": 1, "memory_gib_hour": 1, "currency": "EUR"},
        "apps": apps,
        "teams": [{"team": team, "apps": 1, "saved": saved, "would_save": would}],
        "total": {"apps": len(apps), "saved": saved, "would_save": would},
    }


async def tell(torpor: Torpor, api: FakeApi, told: dict[str, Any], *options: str) -> str:
    api.answers["GET /v1/savings"] = (200, told)
    ended = await torpor("savings", "--api", api.url, *options)
    assert ended.code == 0, ended.err
    return ended.out


def rows(out: str) -> list[list[str]]:
    return [line.split() for line in out.splitlines()]


async def test_each_app_is_told_with_its_share_and_since_when(torpor: Torpor, api: FakeApi) -> None:
    out = await tell(torpor, api, answer())
    assert rows(out)[:1] == [["Saved", "by", "sleeping:"]]
    assert rows(out)[2] == ["shop/web", "2026-11-01", "12:30", "2d2h", "96%", "25.00", "50.00"]
    assert rows(out)[3] == ["all", "2026-11-01", "12:30", "2d2h", "25.00", "50.00"]
    assert "shadow" not in out
    assert "TEAM" in out


async def test_teams_are_told_where_there_are_any(torpor: Torpor, api: FakeApi) -> None:
    out = await tell(torpor, api, answer(team="shop"))
    assert rows(out)[2][:2] == ["shop/web", "shop"]
    assert rows(out)[3][0] == "shop"


async def test_money_is_told_in_its_currency(torpor: Torpor, api: FakeApi) -> None:
    out = await tell(torpor, api, answer(money=12.5))
    assert rows(out)[1][-1] == "EUR"
    assert rows(out)[2][-1] == "12.50"


async def test_shadow_mode_has_a_table_of_its_own(torpor: Torpor, api: FakeApi) -> None:
    saved, would = (await tell(torpor, api, answer(shadow=True))).split("\n\n")
    assert "shop/new" not in saved
    assert "In shadow mode sleeping would have saved:" in would
    assert [row[0] for row in rows(would)[2:]] == ["shop/new", "all"]


async def test_json_is_that_of_the_api(torpor: Torpor, api: FakeApi) -> None:
    told = answer(shadow=True)
    assert json.loads(await tell(torpor, api, told, "--json")) == told


async def test_no_apps_is_said_so(torpor: Torpor, api: FakeApi) -> None:
    none = {**answer(), "apps": [], "teams": [], "total": {"apps": 0, "saved": amounts(0), "would_save": None}}
    assert "There are no apps" in await tell(torpor, api, none)


async def test_something_else_there_is_told(torpor: Torpor, api: FakeApi) -> None:
    api.answers["GET /v1/savings"] = (200, {"apps": [{"id": "a"}]})
    ended = await torpor("savings", "--api", api.url)
    assert ended.code == 1
    assert "is not Torpor's API" in ended.err
