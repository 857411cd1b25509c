"""Apps that are taken away and put back: of one app no two starts or stops are under way at once."""

import asyncio

from scaler.standing import Standing
from tests.scaler.hand_runtime import HERE
from tests.scaler.house import House
from torpor.words import Phase


async def test_an_app_that_is_back_while_its_last_stop_is_under_way_is_started_after_that(house: House) -> None:
    house.add("a")
    await house.awake("a")
    house.runtime.stopping = asyncio.Event()
    house.scaler.remove("a", grace=30)
    await house.settle()
    house.add("a")
    house.knock("a")
    await house.settle()
    assert (house.phase("a"), house.runtime.log) == (Phase.WAKING, ["start a"])
    assert house.view("a").stage == "waiting for the last run to end"
    house.runtime.stopping.set()
    await house.settle()
    assert (house.phase("a"), house.runtime.log) == (Phase.AWAKE, ["start a", "stop a", "start a"])


async def test_so_it_is_when_it_was_being_put_to_sleep_and_is_left_as_it_is(house: House) -> None:
    house.add("a")
    await house.awake("a")
    house.runtime.stopping = asyncio.Event()
    await house.asleep("a")
    house.scaler.remove("a", grace=None)
    house.add("a", standing=Standing(up=False))
    house.knock("a")
    await house.settle()
    assert house.runtime.log == ["start a"]
    house.runtime.stopping.set()
    await house.settle()
    assert house.runtime.log == ["start a", "stop a", "start a"]


async def test_an_app_that_is_back_before_it_was_stopped_is_up_and_sleeps_once_nothing_is_open(house: House) -> None:
    house.add("a")
    await house.awake("a")
    house.report("a", in_flight=1)
    house.scaler.remove("a", grace=30)
    await house.settle()
    house.add("a")
    assert (house.phase("a"), house.view("a").addresses) == (Phase.AWAKE, HERE[""])
    await house.advance(60)
    assert "stop a" not in house.runtime.log
    house.report("a")
    await house.settle()
    house.acknowledge("a")
    await house.settle()
    assert (house.phase("a"), house.runtime.log) == (Phase.ASLEEP, ["start a", "stop a"])


async def test_a_wake_that_was_given_up_is_out_of_the_way_before_the_next_one_begins(house: House) -> None:
    house.add("a")
    house.runtime.slow = True
    house.knock("a")
    await house.settle()
    house.scaler.remove("a", grace=None)
    house.add("a")
    house.knock("a")
    await house.settle()
    assert house.runtime.log == ["start a", "give up a", "start a"]
    house.runtime.gates["a"].set()
    await house.settle()
    assert house.phase("a") is Phase.AWAKE


async def test_what_was_said_of_it_before_is_no_answer_to_what_it_is_asked_now(house: House) -> None:
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    before = house.view("a").epoch
    house.scaler.remove("a", grace=None)
    house.add("a")
    assert house.view("a").epoch > before


async def test_the_last_of_an_app_that_left_is_not_taken_for_one_that_is_back(house: House) -> None:
    house.add("a")
    await house.awake("a")
    house.runtime.stopping = asyncio.Event()
    house.scaler.remove("a", grace=30)
    await house.settle()
    house.add("a")
    house.scaler.remove("a", grace=30)
    house.runtime.stopping.set()
    await house.settle()
    assert house.runtime.log == ["start a", "stop a", "stop a"]
    assert "a" not in house.scaler.apps
