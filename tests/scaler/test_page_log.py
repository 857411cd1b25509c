"""The last lines of a wake, for the waiting page."""

import asyncio

import pytest

from scaler import page_log
from scaler.app import AppSpec
from scaler.logs.line import Line, Source
from tests.scaler.api.fake_control import until
from tests.scaler.house import House
from torpor.link import LAST_LINES, LONGEST_LINE, Policy
from torpor.words import Phase


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_log, "BEAT", 0.01)


def wakes(house: House, *, told: bool = True) -> None:
    """An app whose wake takes until the test says so."""
    house.runtime.slow = True
    house.scaler.put(AppSpec("a", {"": ("a.localhost",)}, Policy(page_log=told)))
    house.knock("a")


def write(house: House, *texts: str) -> None:
    for text in texts:
        house.runtime.written.put_nowait(Line("", Source(), text))


async def test_what_is_written_while_it_wakes_is_told_to_the_proxies(house: House) -> None:
    wakes(house)
    write(house, "\x1b[32mmigrating\x1b[0m", "", "x" * 5000)
    before = house.view("a").epoch
    await until(lambda: house.view("a").last_lines)
    assert house.view("a").last_lines == ("migrating", "x" * LONGEST_LINE + "…")
    assert house.view("a").epoch > before
    write(house, *(f"line {number}" for number in range(50)))
    await until(lambda: house.view("a").last_lines[-1] == "line 49")
    assert len(house.view("a").last_lines) == LAST_LINES


async def test_when_it_is_awake_they_are_told_no_more_and_nobody_follows(house: House) -> None:
    wakes(house)
    write(house, "one")
    await until(lambda: house.view("a").last_lines)
    house.runtime.gates["a"].set()
    await until(lambda: house.phase("a") is Phase.AWAKE)
    assert house.view("a").last_lines == ()
    await until(lambda: house.runtime.log[-1] == "follow a no more")


async def test_when_it_has_failed_the_last_of_them_stay(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_log, "BEAT", 0.2)  # longer than lines wait for each other
    wakes(house)
    await until(lambda: "follow a 0" in house.runtime.log)
    house.runtime.broken["a"] = "no database"
    write(house, "cannot reach db:5432")
    house.runtime.gates["a"].set()
    await until(lambda: house.phase("a") is Phase.FAILED)
    await until(lambda: house.view("a").last_lines == ("cannot reach db:5432",))
    await until(lambda: house.runtime.log[-1] == "follow a no more")


async def test_nothing_is_told_unless_it_is_wanted(house: House) -> None:
    wakes(house, told=False)
    write(house, "a secret")
    await asyncio.sleep(0.1)
    assert house.view("a").last_lines == ()
    assert not any("follow" in said for said in house.runtime.log)


async def test_an_app_that_is_taken_away_meanwhile_is_followed_no_more(house: House) -> None:
    wakes(house)
    await until(lambda: "follow a 0" in house.runtime.log)
    house.scaler.remove("a", grace=None)
    await until(lambda: "follow a no more" in house.runtime.log)


async def test_of_many_that_wake_at_once_some_are_followed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_log, "MOST", 1)
    house.runtime.slow = True
    for name in "ab":
        house.scaler.put(AppSpec(name, {"": (f"{name}.localhost",)}, Policy(page_log=True)))
        house.knock(name)
    await asyncio.sleep(0.1)
    assert sum("follow" in said for said in house.runtime.log) == 1
