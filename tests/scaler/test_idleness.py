"""The hours in which apps are kept awake. The hand-turned clock begins on a Sunday, at 12:00 UTC."""

import asyncio

from tests.scaler.house import House
from torpor.words import Cause, Phase

HOUR = 3600.0


async def test_within_its_hours_an_idle_app_is_kept_awake_and_then_sleeps(house: House) -> None:
    house.add("a", keep_awake="Sun 10:00-14:00 UTC")
    await house.awake("a")
    sleeps_at = house.scaler.status("a").sleeps_at
    assert sleeps_at == house.clock.wall() + 2 * HOUR
    await house.advance(2 * HOUR - 1)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(1)
    assert house.phase("a") is Phase.DRAINING


async def test_one_look_is_planned_for_the_end_of_its_hours_and_none_before(house: House) -> None:
    house.add("a", keep_awake="Sun 10:00-14:00 UTC")
    await house.awake("a")
    await house.advance(300)
    assert len(house.scaler.sweeper) == 1
    assert house.scaler.sweeper.planned("a") == house.clock.now() - 300 + 2 * HOUR


async def test_before_its_hours_it_sleeps_as_ever_and_is_not_woken_when_they_begin(house: House) -> None:
    house.add("a", keep_awake="Sun 13:00-14:00 UTC")
    await house.awake("a")
    await house.asleep("a")
    await house.advance(1.5 * HOUR)
    assert house.phase("a") is Phase.ASLEEP


async def test_hours_that_begin_before_it_is_idle_for_long_enough_keep_it_awake(house: House) -> None:
    house.add("a", keep_awake="Sun 12:03-13:00 UTC")
    await house.awake("a")
    await house.advance(HOUR - 1)
    assert house.phase("a") is Phase.AWAKE


async def test_who_was_there_at_the_end_of_the_hours_has_the_idle_timeout_all_the_same(house: House) -> None:
    house.add("a", keep_awake="Sun 10:00-14:00 UTC")
    await house.awake("a")
    await house.advance(2 * HOUR - 60)
    house.report("a")
    await house.advance(60 + 239)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(1)
    assert house.phase("a") is Phase.DRAINING


async def test_an_operator_may_put_it_to_sleep_within_its_hours(house: House) -> None:
    house.add("a", keep_awake="Sun 10:00-14:00 UTC")
    await house.awake("a")
    async with asyncio.TaskGroup() as group:
        sleeping = group.create_task(house.scaler.sleep("a"))
        await house.settle()
        house.acknowledge("a")
    assert sleeping.result().phase is Phase.ASLEEP


async def test_what_goes_on_all_week_is_never_put_to_sleep(house: House) -> None:
    house.add("a", keep_awake="00:00-24:00 UTC")
    await house.awake("a")
    assert house.scaler.status("a").sleeps_at is None
    await house.advance(30 * 24 * HOUR)
    assert house.phase("a") is Phase.AWAKE


async def test_what_it_needs_stays_awake_with_it(house: House) -> None:
    house.add("db")
    house.add("a", keep_awake="Sun 10:00-14:00 UTC", needs=("db",))
    await house.awake("a")
    await house.advance(HOUR)
    assert house.phase("db") is Phase.AWAKE


async def test_new_hours_hold_from_now_on(house: House) -> None:
    house.add("a", keep_awake="Sun 10:00-14:00 UTC")
    await house.awake("a")
    await house.advance(HOUR)
    house.add("a")
    await house.settle()
    assert house.phase("a") is Phase.DRAINING


async def test_hours_that_come_while_it_is_up_hold_from_now_on(house: House) -> None:
    house.add("a")
    await house.awake("a")
    house.add("a", keep_awake="Sun 10:00-14:00 UTC")
    await house.advance(HOUR)
    assert house.phase("a") is Phase.AWAKE


async def test_of_an_app_that_has_failed_nothing_is_stopped_within_its_hours(house: House) -> None:
    house.runtime.broken["a"] = "no"
    house.add("a", keep_awake="Sun 10:00-14:00 UTC")
    house.knock("a")
    await house.advance(HOUR)
    assert house.phase("a") is Phase.FAILED
    await house.advance(HOUR)
    assert house.phase("a") is Phase.ASLEEP


async def test_an_operators_wake_within_its_hours_lasts_until_their_end(house: House) -> None:
    house.add("a", keep_awake="Sun 10:00-14:00 UTC")
    await house.scaler.wake("a", Cause("operator"))
    assert house.scaler.status("a").sleeps_at == house.clock.wall() + 2 * HOUR
