import asyncio

from scaler.app import AppSpec
from scaler.requests import Requests
from scaler.runtime import StopRefused
from scaler.saved import Saved
from scaler.savings import Savings
from scaler.scaler import Scaler
from tests.scaler.hand_runtime import HandRuntime
from tests.scaler.house import House
from torpor.clock import HandClock

REQUESTS = Requests(cpu=500, memory=100)


def test_an_app_that_nobody_has_heard_of_has_saved_nothing() -> None:
    savings = Savings(HandClock())
    savings.up("notes")
    assert savings.saved("notes") == Saved()


def test_an_app_that_is_forgotten_begins_anew() -> None:
    clock = HandClock()
    savings = Savings(clock)
    savings.asleep("notes", REQUESTS)
    clock.advance(10)
    savings.forget("notes")
    assert savings.saved("notes") == Saved()


async def test_an_app_saves_while_it_sleeps_and_not_while_it_is_up(house: House) -> None:
    house.add("notes", requests=REQUESTS)
    await house.advance(10)
    await house.awake("notes")
    await house.advance(200)
    assert house.scaler.savings.saved("notes") == Saved(10, 5, 1000)
    await house.asleep("notes")
    await house.advance(60)
    assert house.scaler.savings.saved("notes") == Saved(70, 35, 7000)


async def test_the_replicas_that_a_wake_brings_back_count(house: House) -> None:
    house.runtime.counts["notes"] = 3
    house.add("notes", requests=REQUESTS)
    await house.advance(10)
    assert house.scaler.savings.saved("notes") == Saved(10, 15, 3000)


async def test_what_changes_while_it_sleeps_counts_from_then_on(house: House) -> None:
    house.add("notes", requests=REQUESTS)
    await house.advance(10)
    house.add("notes", requests=Requests(cpu=1000, memory=100))
    await house.advance(10)
    house.runtime.counts["notes"] = 2
    house.scaler.resized("notes")
    house.scaler.resized("no such app")
    await house.advance(10)
    assert house.scaler.savings.saved("notes") == Saved(30, 5 + 10 + 20, 1000 + 1000 + 2000)


async def test_a_sleep_counts_from_the_moment_when_nothing_is_left(house: House) -> None:
    house.add("notes", requests=REQUESTS)
    await house.awake("notes")
    before = house.scaler.savings.saved("notes")
    house.runtime.stopping = asyncio.Event()
    await house.asleep("notes")
    await house.advance(30)
    assert house.scaler.savings.saved("notes") == before
    house.runtime.stopping.set()
    await house.settle()
    await house.advance(4)
    assert house.scaler.savings.saved("notes") == before + Saved(4, 2, 400)


async def test_a_sleep_that_is_taken_back_saves_nothing(house: House) -> None:
    house.add("notes", requests=REQUESTS)
    await house.awake("notes")
    house.runtime.refusing["notes"] = StopRefused("it has changed")
    before = house.scaler.savings.saved("notes")
    await house.advance(300)
    house.acknowledge("notes")
    await house.advance(10)
    assert house.scaler.savings.saved("notes") == before


async def test_what_is_only_forwarded_to_saves_nothing(house: House) -> None:
    house.add("notes", requests=REQUESTS, managed=False)
    await house.advance(1000)
    assert house.scaler.savings.saved("notes") == Saved()


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
    assert savings.saved("notes") == Saved(20, 10, 2000)
