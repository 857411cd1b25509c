"""Apps as a new scaler finds them: up or down, used just now or long ago."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from scaler.errors import SleepRefused
from scaler.patience import CALLED_OFF_PAUSE
from scaler.scaler import Scaler
from scaler.standing import Standing
from tests.scaler.hand_runtime import HERE, HandRuntime
from tests.scaler.house import House
from torpor import link
from torpor.clock import HandClock
from torpor.words import Phase

type NewHouse = Callable[[float], AbstractAsyncContextManager[House]]


@pytest.fixture
def new_house() -> NewHouse:
    """A scaler that has just begun, and its one proxy, which has run for so many seconds."""

    @asynccontextmanager
    async def begin(age: float) -> AsyncIterator[House]:
        runtime, clock = HandRuntime(), HandClock()
        scaler = Scaler(runtime, clock=clock, settle=link.LEASE)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(scaler.run())
            await asyncio.sleep(0)
            yield House(scaler, runtime, clock, scaler.links.connected("p1", "test", age=age))
            running.cancel()

    return begin


def up(house: House, *, used: float | None) -> Standing:
    """Up, and last used so many seconds ago."""
    return Standing(True, None if used is None else house.clock.wall() - used, HERE)


async def test_an_app_found_down_sleeps_and_one_found_up_is_awake_where_it_answers(new_house: NewHouse) -> None:
    async with new_house(10_000) as house:
        house.add("down", standing=Standing(up=False))
        house.add("up", standing=up(house, used=5))
        assert house.phase("down") is Phase.ASLEEP
        assert house.phase("up") is Phase.AWAKE
        assert house.view("up").addresses == HERE[""]
        assert house.runtime.log == []


async def test_the_idle_clock_goes_on_from_what_is_remembered(new_house: NewHouse) -> None:
    async with new_house(10_000) as house:
        house.add("a", idle=300, standing=up(house, used=200))
        await house.advance(99)
        assert house.phase("a") is Phase.AWAKE
        await house.advance(1)
        assert house.phase("a") is Phase.DRAINING


async def test_what_proxies_tell_counts_when_it_is_newer_than_what_is_remembered(new_house: NewHouse) -> None:
    async with new_house(10_000) as house:
        house.add("a", idle=300, standing=up(house, used=5_000))
        house.report("a", idle_for=100)
        await house.advance(199)
        assert house.phase("a") is Phase.AWAKE
        await house.advance(1)
        assert house.phase("a") is Phase.DRAINING


async def test_of_visits_before_the_oldest_proxy_came_nobody_can_tell(new_house: NewHouse) -> None:
    """Proxies and scaler were rolled out together: whoever knew of the last visits is gone."""
    async with new_house(20) as house:
        house.add("a", idle=300, standing=up(house, used=5_000))
        await house.advance(279)
        assert house.phase("a") is Phase.AWAKE
        await house.advance(1)
        assert house.phase("a") is Phase.DRAINING


async def test_without_any_memory_it_counts_as_used_now(new_house: NewHouse) -> None:
    async with new_house(10_000) as house:
        house.add("a", idle=300, standing=up(house, used=None))
        await house.advance(299)
        assert house.phase("a") is Phase.AWAKE
        await house.advance(1)
        assert house.phase("a") is Phase.DRAINING


async def test_a_last_access_in_the_future_is_now(new_house: NewHouse) -> None:
    async with new_house(10_000) as house:
        house.add("a", idle=300, standing=up(house, used=-1_000_000))
        await house.advance(300)
        assert house.phase("a") is Phase.DRAINING


async def test_nobody_is_put_to_sleep_before_proxies_had_the_time_to_come_back(new_house: NewHouse) -> None:
    async with new_house(10_000) as house:
        house.add("a", idle=300, standing=up(house, used=5_000))
        await house.advance(link.LEASE - 1)
        assert house.phase("a") is Phase.AWAKE
        with pytest.raises(SleepRefused, match="only just begun"):
            await house.scaler.sleep("a")
        await house.advance(CALLED_OFF_PAUSE)
        assert house.phase("a") is Phase.DRAINING


async def test_what_an_app_that_sleeps_was_last_used_for_is_remembered_for_people(new_house: NewHouse) -> None:
    async with new_house(0) as house:
        house.add("a", standing=Standing(up=False, last_access=house.clock.wall() - 77))
        assert house.scaler.status("a").last_access == pytest.approx(house.clock.wall() - 77)


@pytest.mark.parametrize("remembered", [float("nan"), float("-inf"), float("inf"), -1e30, 1e30])
async def test_nonsense_that_is_remembered_harms_nobody(new_house: NewHouse, remembered: float) -> None:
    async with new_house(10_000) as house:
        house.add("a", idle=300, standing=Standing(True, remembered, HERE))
        assert house.scaler.status("a").to_json()["last_access"]
        await house.advance(300)
        assert house.phase("a") is Phase.DRAINING


async def test_nobody_is_put_to_sleep_while_somebody_outside_wants_all_to_stay_awake() -> None:
    runtime, clock = HandRuntime(), HandClock()
    until = clock.now() + 1000
    scaler = Scaler(runtime, clock=clock, stay=lambda: max(0.0, until - clock.now()))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(scaler.run())
        await asyncio.sleep(0)
        house = House(scaler, runtime, clock, scaler.links.connected("p1", "test", age=10_000))
        house.add("a", idle=300, standing=up(house, used=200))
        await house.advance(999)
        assert house.phase("a") is Phase.AWAKE
        with pytest.raises(SleepRefused, match="taken away"):
            await scaler.sleep("a")
        await house.advance(1 + CALLED_OFF_PAUSE)
        assert house.phase("a") is Phase.DRAINING
        running.cancel()
