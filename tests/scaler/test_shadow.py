"""Shadow mode by what an app would have done, and that it has not done it."""

import asyncio

import pytest

from scaler.errors import SleepRefused
from scaler.requests import Requests
from scaler.saved import Saved
from tests.scaler.house import House
from torpor.words import Cause, Phase

REQUESTS = Requests(cpu=500, memory=100)


def shadow(house: House, app: str = "a") -> Saved:
    return house.scaler.savings.shadow.read(app)


async def in_shadow(house: House) -> None:
    """From nothing to an app that would sleep."""
    house.add("a", shadow=True, requests=REQUESTS)
    await house.awake("a")
    await house.advance(300)
    assert house.scaler.status("a").shadow_since == house.clock.wall()


async def test_what_would_sleep_stays_awake_and_nobody_is_told_otherwise(house: House) -> None:
    house.add("a", shadow=True, requests=REQUESTS)
    await house.awake("a")
    view, log = house.view("a"), list(house.runtime.log)
    changes: list[str] = []
    house.scaler.telling.on_change.append(changes.append)
    await house.advance(10_000)
    assert house.scaler.status("a").shadow_since is not None
    assert house.phase("a") is Phase.AWAKE
    assert (house.view("a"), house.runtime.log, changes) == (view, log, [])
    assert house.scaler.status("a").sleeps_at is None


async def test_it_is_measured_from_when_it_would_have_slept_until_the_next_visit(house: House) -> None:
    await in_shadow(house)
    await house.advance(60)
    assert shadow(house) == Saved(60, 30, 6000)
    house.report("a")
    await house.advance(299)
    assert shadow(house) == Saved(60, 30, 6000)
    assert house.scaler.status("a").shadow_since is None
    await house.advance(1)
    await house.advance(10)
    assert shadow(house) == Saved(70, 35, 7000)
    assert house.scaler.savings.shadow.runs("a") == 2
    assert house.scaler.savings.asleep.read("a") == Saved()


async def test_open_work_ends_it_and_puts_it_off(house: House) -> None:
    await in_shadow(house)
    house.report("a", in_flight=1, idle_for=None)
    await house.advance(10_000)
    assert shadow(house) == Saved()
    house.report("a")
    await house.advance(300)
    await house.advance(1)
    assert shadow(house).seconds == 1


async def test_a_crawler_puts_it_off_as_it_would_call_off_a_sleep(house: House) -> None:
    house.add("a", shadow=True)
    await house.awake("a")
    house.report("a", in_flight=0, busy=1, idle_for=None)
    await house.advance(300)
    assert house.scaler.status("a").shadow_since is None
    house.report("a", in_flight=0, busy=0, idle_for=None)
    await house.advance(300)
    assert house.scaler.status("a").shadow_since is not None


async def test_a_visit_that_does_not_count_does_not_end_it(house: House) -> None:
    await in_shadow(house)
    house.report("a", in_flight=0, busy=1, idle_for=None)
    await house.advance(5)
    assert shadow(house).seconds == 5


async def test_what_the_replicas_come_to_counts(house: House) -> None:
    await in_shadow(house)
    house.runtime.counts["a"] = 4
    house.scaler.resized("a")
    await house.advance(10)
    assert shadow(house) == Saved(10, 20, 4000)


async def test_an_operator_cannot_put_it_to_sleep_but_ends_it(house: House) -> None:
    await in_shadow(house)
    with pytest.raises(SleepRefused, match="shadow mode"):
        await house.scaler.sleep("a")
    await house.advance(10)
    await house.scaler.wake("a", Cause("operator"))
    await house.advance(10)
    assert shadow(house).seconds == 10


async def test_needs_that_are_in_shadow_mode_too_would_sleep_after_it_and_wake_with_it(house: House) -> None:
    house.add("db", shadow=True)
    house.add("a", shadow=True, needs=("db",))
    await house.awake("a")
    await house.advance(300)
    await house.settle()
    assert house.scaler.status("db").shadow_since is not None
    await house.advance(10)
    house.report("a")
    await house.advance(10)
    assert shadow(house, "db").seconds == 10
    assert house.scaler.status("db").shadow_since is None


async def test_needs_that_are_not_stay_awake_for_it(house: House) -> None:
    house.add("db")
    house.add("a", shadow=True, needs=("db",))
    await house.awake("a")
    await house.advance(1000)
    assert house.phase("db") is Phase.AWAKE


async def test_in_earnest_again_it_sleeps_at_once(house: House) -> None:
    await in_shadow(house)
    await house.advance(10)
    house.add("a", requests=REQUESTS)
    await house.settle()
    assert house.phase("a") is Phase.DRAINING
    assert house.scaler.status("a").shadow_since is None


async def test_a_sleep_under_way_is_called_off_by_it(house: House) -> None:
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    house.add("a", shadow=True)
    assert house.phase("a") is Phase.AWAKE


async def test_what_sleeps_already_sleeps_on_until_somebody_comes(house: House) -> None:
    house.add("a")
    await house.awake("a")
    await house.asleep("a")
    house.add("a", shadow=True)
    await house.advance(1000)
    assert house.phase("a") is Phase.ASLEEP
    await house.awake("a")
    await house.advance(1000)
    assert house.phase("a") is Phase.AWAKE


async def test_what_has_failed_is_left_as_it_is(house: House) -> None:
    house.runtime.broken["a"] = "no"
    house.add("a", shadow=True)
    house.knock("a")
    await house.advance(10_000)
    assert house.phase("a") is Phase.FAILED
    assert "stop a" not in house.runtime.log


async def test_what_ends_by_itself_ends_it(house: House) -> None:
    await in_shadow(house)
    house.scaler.lost("a", "it crashed")
    await house.advance(10)
    assert shadow(house) == Saved()
    assert house.phase("a") is Phase.ASLEEP


async def test_new_settings_are_taken_in_shadow_mode_too(house: House) -> None:
    await in_shadow(house)
    spec = house.scaler.apps["a"].spec
    house.scaler.put(spec, outdated=True)
    await house.settle()
    house.acknowledge("a")
    await house.settle()
    assert "stop a" in house.runtime.log


async def test_its_hours_to_keep_awake_count(house: House) -> None:
    house.add("a", shadow=True, keep_awake="Sun 10:00-14:00 UTC")
    await house.awake("a")
    await house.advance(2 * 3600)
    await house.advance(5)
    assert shadow(house).seconds == 5


async def test_operators_are_told(house: House) -> None:
    house.add("a", shadow=True)
    await house.awake("a")
    with house.scaler.bus.listen() as news:
        await house.advance(300)
        await house.advance(1)
        house.report("a")
        told: list[str] = []
        async with asyncio.timeout(5):
            async for event in news:
                told += [event.text] if event.what == "changed" else []
                if len(told) == 2:
                    break
    assert told == [
        "a would go to sleep now: it is in shadow mode",
        "a would be woken now: it is in shadow mode",
    ]
