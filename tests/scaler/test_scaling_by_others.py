"""Somebody else scales an app: respected, without a fight. Its pods come and go: told to the proxies, no more."""

import asyncio

import pytest

from scaler.errors import WakeFailed
from scaler.lifecycle import FLAPS
from tests.scaler.hand_runtime import HERE
from tests.scaler.house import House
from torpor.words import Address, Cause, Phase

THERE = {"": (Address("10.0.0.2", 80),)}


async def test_scaled_up_while_it_sleeps_it_is_waited_for_and_counts_as_visited(house: House) -> None:
    house.add("a", idle=300)
    house.runtime.slow = True
    house.scaler.scaled("a", up=True, reason="scaled to 2")
    await house.settle()
    assert house.phase("a") is Phase.WAKING
    assert house.scaler.status("a").cause == "scaled: scaled to 2"
    house.runtime.gates["a"].set()
    await house.settle()
    assert house.phase("a") is Phase.AWAKE
    text, _ = await house.scaler.metrics.render()
    assert b'torpor_wakes_total{app="a",cause="scaled",outcome="ready"} 1.0' in text
    await house.advance(299)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(1)
    assert house.phase("a") is Phase.DRAINING


async def test_scaled_up_after_it_failed_it_is_tried_without_waiting_out_the_back_off(house: House) -> None:
    house.add("a")
    house.runtime.broken["a"] = "no such image"
    house.knock("a")
    await house.settle()
    del house.runtime.broken["a"]
    house.scaler.scaled("a", up=True, reason="scaled to 1")
    await house.settle()
    assert house.phase("a") is Phase.AWAKE


async def test_scaled_further_while_it_is_up_is_no_news_unless_it_was_about_to_sleep(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    epoch = house.view("a").epoch
    house.scaler.scaled("a", up=True, reason="scaled to 5")
    assert house.view("a").epoch == epoch
    await house.advance(300)
    assert house.phase("a") is Phase.DRAINING
    house.scaler.scaled("a", up=True, reason="scaled to 6")
    assert house.phase("a") is Phase.AWAKE


@pytest.mark.parametrize("before", [Phase.AWAKE, Phase.DRAINING, Phase.WAKING])
async def test_scaled_to_nothing_it_is_asleep_and_nothing_is_written(house: House, before: Phase) -> None:
    house.add("a", idle=300)
    house.runtime.slow = before is Phase.WAKING
    house.knock("a")
    await house.settle()
    if before is Phase.DRAINING:
        await house.advance(300)
    assert house.phase("a") is before
    house.scaler.scaled("a", up=False, reason="scaled to 0 by kubectl")
    await house.settle()
    assert house.phase("a") is Phase.ASLEEP
    assert house.scaler.status("a").reason == "scaled to 0 by kubectl"
    assert "stop a" not in house.runtime.log
    assert ("give up a" in house.runtime.log) == (before is Phase.WAKING)


async def test_who_waits_for_a_wake_is_told_that_somebody_took_it_down(house: House) -> None:
    house.add("a")
    house.runtime.slow = True
    async with asyncio.TaskGroup() as group:
        waking = group.create_task(failure(house))
        await house.settle()
        house.scaler.scaled("a", up=False, reason="scaled to 0 by kubectl")
    assert waking.result() == "scaled to 0 by kubectl"


async def test_the_next_visit_wakes_it_after_the_wake_that_was_given_up_is_out_of_the_way(house: House) -> None:
    house.add("a")
    house.runtime.slow = True
    house.knock("a")
    await house.settle()
    house.scaler.scaled("a", up=False, reason="scaled to 0")
    house.knock("a")
    house.runtime.gates["a"].set()
    await house.settle()
    assert house.phase("a") is Phase.AWAKE
    assert house.runtime.log == ["start a", "give up a", "start a"]


async def test_an_app_that_is_always_taken_down_is_not_woken_again_and_again(house: House) -> None:
    house.add("a")
    house.runtime.slow = True
    for _ in range(FLAPS):
        house.knock("a")
        await house.settle()
        house.scaler.scaled("a", up=False, reason="scaled to 0 by argocd")
    assert house.phase("a") is Phase.FAILED
    assert house.scaler.status("a").reason == "scaled to 0 by argocd"
    assert house.view("a").retry_in > 0


async def test_pods_that_come_and_go_are_told_to_the_proxies_alone(house: House) -> None:
    house.add("a")
    await house.awake("a")
    number, epoch = house.scaler.bus.number, house.view("a").epoch
    house.scaler.addressed("a", THERE)
    assert house.view("a").addresses == THERE[""]
    assert house.view("a").epoch > epoch
    assert house.scaler.bus.number == number
    house.scaler.addressed("a", THERE)
    assert house.view("a").epoch == epoch + 1


async def test_an_awake_app_that_nothing_answers_for_stays_awake_and_its_visits_are_held(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    await house.advance(100)
    house.scaler.addressed("a", {})
    await house.advance(7)
    view = house.view("a")
    assert (house.phase("a"), view.phase, view.addresses) == (Phase.AWAKE, Phase.WAKING, ())
    assert (view.stage, view.waking_for) == ("waiting until something answers there", 7)
    house.scaler.addressed("a", THERE)
    assert house.view("a").phase is Phase.AWAKE
    assert house.runtime.log == ["start a"]


async def test_addresses_of_an_app_that_sleeps_or_is_being_woken_are_its_starts_to_tell(house: House) -> None:
    house.add("a")
    house.scaler.addressed("a", THERE)
    assert house.view("a").addresses == ()
    house.runtime.slow = True
    house.knock("a")
    await house.settle()
    house.scaler.addressed("a", THERE)
    assert house.view("a").addresses == ()
    house.runtime.gates["a"].set()
    await house.settle()
    assert house.view("a").addresses == HERE[""]


async def failure(house: House) -> str:
    with pytest.raises(WakeFailed) as caught:
        await house.scaler.wake("a", Cause("operator"))
    return caught.value.reason
