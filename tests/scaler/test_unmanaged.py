"""Backends that Torpor only forwards to: shown, never woken, never put to sleep."""

import pytest

from scaler.errors import NotManaged
from scaler.standing import Standing
from tests.scaler.hand_runtime import HERE
from tests.scaler.house import House
from torpor.words import Cause, Phase


async def test_it_is_awake_from_the_start_and_never_sleeps(house: House) -> None:
    house.add("a", idle=1, managed=False, standing=Standing(up=True, addresses=HERE))
    await house.advance(1_000_000)
    assert house.phase("a") is Phase.AWAKE
    assert house.view("a").addresses == HERE[""]
    assert house.scaler.status("a").sleeps_at is None
    assert not house.scaler.status("a").managed
    assert house.runtime.log == []


async def test_without_an_address_its_visits_are_held_and_nobody_is_woken(house: House) -> None:
    house.add("a", managed=False)
    house.knock("a")
    await house.settle()
    assert house.view("a").phase is Phase.WAKING
    house.scaler.addressed("a", HERE)
    assert house.view("a").phase is Phase.AWAKE
    assert house.runtime.log == []


async def test_operators_can_neither_wake_it_nor_put_it_to_sleep(house: House) -> None:
    house.add("a", managed=False)
    with pytest.raises(NotManaged, match="only forwards visits"):
        await house.scaler.wake("a", Cause("operator"))
    with pytest.raises(NotManaged):
        await house.scaler.sleep("a")


async def test_what_becomes_of_its_workload_is_not_followed(house: House) -> None:
    house.add("a", managed=False, standing=Standing(up=True, addresses=HERE))
    house.scaler.scaled("a", up=False, reason="scaled to 0")
    assert house.phase("a") is Phase.AWAKE


async def test_an_app_that_is_looked_after_no_more_goes_on_where_it_is(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    epoch = house.view("a").epoch
    house.add("a", managed=False)
    assert house.view("a").addresses == HERE[""]
    assert house.view("a").epoch > epoch
    await house.advance(1_000_000)
    assert house.phase("a") is Phase.AWAKE
    house.add("a", idle=300, managed=True, standing=Standing(up=True, addresses=HERE))
    await house.advance(300)
    assert house.phase("a") is Phase.DRAINING


async def test_one_that_was_being_woken_is_left_to_itself(house: House) -> None:
    house.add("a")
    house.runtime.slow = True
    house.knock("a")
    await house.settle()
    house.add("a", managed=False)
    await house.settle()
    assert house.runtime.log == ["start a", "give up a"]
    assert house.phase("a") is Phase.AWAKE
