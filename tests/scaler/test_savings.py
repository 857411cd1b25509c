import asyncio

import pytest

from scaler.app import AppSpec
from scaler.requests import Requests
from scaler.runtime import StopRefused
from scaler.saved import Saved
from scaler.savings import Savings
from scaler.scaler import Scaler
from scaler.standing import Standing
from scaler.tally import Tally
from tests.scaler.hand_runtime import HandRuntime
from tests.scaler.house import House
from torpor.clock import HandClock

REQUESTS = Requests(cpu=500, memory=100)


def test_an_app_that_nobody_has_heard_of_has_saved_nothing() -> None:
    savings = Savings(HandClock())
    savings.asleep.count("notes", None)
    assert savings.asleep.read("notes") == Saved()


def test_an_app_that_is_forgotten_begins_anew() -> None:
    clock = HandClock()
    savings = Savings(clock)
    savings.asleep.count("notes", REQUESTS)
    clock.advance(10)
    savings.forget("notes")
    assert savings.asleep.read("notes") == Saved()


async def test_an_app_saves_while_it_sleeps_and_not_while_it_is_up(house: House) -> None:
    house.add("notes", requests=REQUESTS)
    await house.advance(10)
    await house.awake("notes")
    await house.advance(200)
    assert house.scaler.savings.asleep.read("notes") == Saved(10, 5, 1000)
    await house.asleep("notes")
    await house.advance(60)
    assert house.scaler.savings.asleep.read("notes") == Saved(70, 35, 7000)


async def test_the_replicas_that_a_wake_brings_back_count(house: House) -> None:
    house.runtime.counts["notes"] = 3
    house.add("notes", requests=REQUESTS)
    await house.advance(10)
    assert house.scaler.savings.asleep.read("notes") == Saved(10, 15, 3000)


async def test_what_changes_while_it_sleeps_counts_from_then_on(house: House) -> None:
    house.add("notes", requests=REQUESTS)
    await house.advance(10)
    house.add("notes", requests=Requests(cpu=1000, memory=100))
    await house.advance(10)
    house.runtime.counts["notes"] = 2
    house.scaler.resized("notes")
    house.scaler.resized("no such app")
    await house.advance(10)
    assert house.scaler.savings.asleep.read("notes") == Saved(30, 5 + 10 + 20, 1000 + 1000 + 2000)


async def test_a_sleep_counts_from_the_moment_when_nothing_is_left(house: House) -> None:
    house.add("notes", requests=REQUESTS)
    await house.awake("notes")
    before = house.scaler.savings.asleep.read("notes")
    house.runtime.stopping = asyncio.Event()
    await house.asleep("notes")
    await house.advance(30)
    assert house.scaler.savings.asleep.read("notes") == before
    house.runtime.stopping.set()
    await house.settle()
    await house.advance(4)
    assert house.scaler.savings.asleep.read("notes") == before + Saved(4, 2, 400)


async def test_a_sleep_that_is_taken_back_saves_nothing(house: House) -> None:
    house.add("notes", requests=REQUESTS)
    await house.awake("notes")
    house.runtime.refusing["notes"] = StopRefused("it has changed")
    before = house.scaler.savings.asleep.read("notes")
    await house.advance(300)
    house.acknowledge("notes")
    await house.advance(10)
    assert house.scaler.savings.asleep.read("notes") == before


async def test_what_is_only_forwarded_to_saves_nothing(house: House) -> None:
    house.add("notes", requests=REQUESTS, managed=False)
    await house.advance(1000)
    assert house.scaler.savings.asleep.read("notes") == Saved()


async def test_it_outlives_a_reign_and_does_not_count_between_two() -> None:
    clock = HandClock()
    savings = Savings(clock)
    for _ in range(2):
        scaler = Scaler(HandRuntime(), clock=clock, savings=savings)
        async with asyncio.TaskGroup() as group:
            reign = group.create_task(scaler.run())
            await asyncio.sleep(0)
            scaler.put(AppSpec("notes", requests=REQUESTS))
            clock.advance(10)
            reign.cancel()
        clock.advance(1000)
    assert savings.asleep.read("notes") == Saved(20, 10, 2000)


WALL = HandClock().wall()


async def test_a_sleep_is_told_what_those_before_it_have_saved(house: House) -> None:
    house.add("notes", requests=REQUESTS)
    await house.advance(10)
    await house.awake("notes")
    await house.asleep("notes")
    assert house.runtime.saved["notes"] == Tally(Saved(10, 5, 1000), WALL)


async def test_what_a_scaler_before_has_written_down_goes_on(house: House) -> None:
    written = Tally(Saved(100, 50, 10_000), WALL - 5_000)
    house.add("notes", requests=REQUESTS, standing=Standing(up=False, saved=written, asleep_since=WALL - 40))
    await house.advance(10)
    assert house.scaler.savings.total("notes") == Tally(Saved(150, 75, 15_000), WALL - 5_000)
    assert house.scaler.savings.asleep.read("notes") == Saved(10, 5, 1000)


async def test_a_sleep_that_lasts_counts_from_its_beginning_also_when_nothing_else_is_known(house: House) -> None:
    house.add("notes", requests=REQUESTS, standing=Standing(up=False, asleep_since=WALL - 40))
    assert house.scaler.savings.total("notes") == Tally(Saved(40, 20, 4000), WALL - 40)


async def test_without_a_word_it_counts_from_now_on(house: House) -> None:
    house.add("notes", requests=REQUESTS, standing=Standing(up=True))
    await house.advance(1000)
    assert house.scaler.savings.total("notes") == Tally(Saved(), WALL)


@pytest.mark.parametrize(
    "standing",
    [
        Standing(up=True, saved=Tally(Saved(1e9, 1, 1), WALL - 100)),
        Standing(up=True, saved=Tally(Saved(10, 1, 1), WALL + 1e6)),
        Standing(up=False, asleep_since=WALL + 1e6),
    ],
)
def test_what_cannot_be_is_not_believed(standing: Standing) -> None:
    savings = Savings(HandClock())
    savings.begin("notes", standing, REQUESTS)
    assert savings.total("notes") == Tally(Saved(), WALL)


def test_what_another_has_counted_meanwhile_counts_once() -> None:
    clock = HandClock()
    savings = Savings(clock)
    savings.begin("notes", None, REQUESTS)
    savings.count("notes", REQUESTS, asleep=True, shadow=False)
    clock.advance(10)
    savings.count("notes", REQUESTS, asleep=False, shadow=False)
    clock.advance(1000)
    savings.begin("notes", Standing(up=True, saved=Tally(Saved(300, 150, 30_000), WALL - 7)), REQUESTS)
    assert savings.total("notes") == Tally(Saved(300, 150, 30_000), WALL - 7)
    assert savings.asleep.read("notes") == Saved(10, 5, 1000)
    savings.begin("notes", Standing(up=True, saved=Tally(Saved(200, 100, 20_000), WALL)), REQUESTS)
    assert savings.total("notes").saved.seconds == 300


def test_what_is_not_there_any_more_is_forgotten() -> None:
    savings = Savings(HandClock())
    for name in ("notes", "wiki"):
        savings.begin(name, Standing(up=False, asleep_since=WALL - 40), REQUESTS)
        savings.measure(name, True)
    savings.retain({"wiki"})
    assert savings.total("notes").saved == Saved()
    assert savings.measured("notes") is None
    assert savings.total("wiki").saved.seconds == 40


def test_what_was_measured_is_forgotten_with_the_mode() -> None:
    clock = HandClock()
    savings = Savings(clock)
    assert savings.measured("notes") is None
    savings.measure("notes", True)
    savings.count("notes", REQUESTS, asleep=False, shadow=True)
    clock.advance(10)
    savings.measure("notes", True)
    assert savings.measured("notes") == Tally(Saved(10, 5, 1000), WALL)
    savings.measure("notes", False)
    savings.measure("notes", True)
    assert savings.measured("notes") == Tally(Saved(), WALL + 10)
