"""Stops that are refused: the sleep is taken back, and nobody's visit is lost by it."""

import asyncio

import pytest

from scaler.errors import SleepRefused
from scaler.patience import CALLED_OFF_PAUSE
from scaler.runtime import StopRefused
from tests.scaler.hand_runtime import HERE
from tests.scaler.house import House
from torpor.words import Phase

CHANGED = StopRefused("the workload has changed")


async def test_a_refused_stop_takes_the_sleep_back_at_once_with_the_reason(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.runtime.refusing["a"] = CHANGED
    await house.advance(300)
    house.acknowledge("a")
    await house.settle()
    assert house.phase("a") is Phase.AWAKE
    assert house.view("a").addresses == HERE[""]
    assert house.scaler.status("a").reason == "the sleep was taken back: the workload has changed"
    text, _ = await house.scaler.metrics.render()
    assert b'torpor_sleep_aborts_total{app="a"} 1.0' in text
    assert b"torpor_sleeps_total{" not in text


async def test_it_is_tried_again_after_a_pause_that_doubles(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.runtime.refusing["a"] = CHANGED
    await house.advance(300)
    for pause in (CALLED_OFF_PAUSE, 2 * CALLED_OFF_PAUSE, 4 * CALLED_OFF_PAUSE):
        house.acknowledge("a")
        await house.settle()
        await house.advance(pause - 1)
        assert house.phase("a") is Phase.AWAKE
        await house.advance(1)
        assert house.phase("a") is Phase.DRAINING
    del house.runtime.refusing["a"]
    house.acknowledge("a")
    await house.settle()
    assert house.phase("a") is Phase.ASLEEP
    assert house.scaler.apps["a"].refusals == 0


async def test_what_goes_wrong_in_a_stop_may_have_left_the_app_up_and_counts_as_refused(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.runtime.refusing["a"] = RuntimeError("a bug")
    await house.advance(300)
    house.acknowledge("a")
    await house.settle()
    assert house.phase("a") is Phase.AWAKE
    assert "an error inside Torpor" in house.scaler.status("a").reason


async def test_a_visit_that_came_during_a_stop_that_is_refused_is_answered_by_what_is_up_still(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.runtime.stopping = asyncio.Event()
    house.runtime.refusing["a"] = CHANGED
    await house.advance(300)
    house.acknowledge("a")
    house.knock("a")
    await house.settle()
    assert house.phase("a") is Phase.WAKING
    house.runtime.stopping.set()
    await house.settle()
    assert house.phase("a") is Phase.AWAKE
    assert house.runtime.log == ["start a", "refuse a", "start a"]


async def test_pods_that_move_during_a_stop_that_is_refused_are_known(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.runtime.stopping = asyncio.Event()
    house.runtime.refusing["a"] = CHANGED
    await house.advance(300)
    house.acknowledge("a")
    house.scaler.addressed("a", {})
    house.runtime.stopping.set()
    await house.settle()
    assert (house.phase("a"), house.view("a").phase) == (Phase.AWAKE, Phase.WAKING)


async def test_that_it_was_seen_scaled_to_nothing_during_its_stop_is_no_news(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.runtime.stopping = asyncio.Event()
    await house.advance(300)
    house.acknowledge("a")
    house.knock("a")
    house.scaler.scaled("a", up=False, reason="scaled to 0 by torpor")
    assert house.phase("a") is Phase.WAKING
    house.runtime.stopping.set()
    await house.settle()
    assert house.phase("a") is Phase.AWAKE
    assert house.runtime.log == ["start a", "stop a", "start a"]


async def test_a_stop_that_is_refused_since_somebody_else_was_quicker_is_not_taken_back(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.runtime.stopping = asyncio.Event()
    house.runtime.refusing["a"] = CHANGED
    await house.advance(300)
    house.acknowledge("a")
    house.scaler.scaled("a", up=False, reason="scaled to 0 by kubectl")
    house.runtime.stopping.set()
    await house.settle()
    assert house.phase("a") is Phase.ASLEEP


async def test_an_operator_is_told_that_the_sleep_was_taken_back(house: House) -> None:
    house.add("a")
    await house.awake("a")
    house.runtime.refusing["a"] = CHANGED
    async with asyncio.TaskGroup() as group:
        sleeping = group.create_task(refused(house, "a"))
        await house.settle()
        house.acknowledge("a")
    assert sleeping.result() == "the sleep was taken back: the workload has changed"


async def test_a_refusal_of_long_ago_is_no_answer_to_an_operator(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.runtime.refusing["a"] = CHANGED
    await house.advance(300)
    house.acknowledge("a")
    await house.settle()
    house.scaler.scaled("a", up=False, reason="scaled to 0 by kubectl")
    assert (await house.scaler.sleep("a")).phase is Phase.ASLEEP


async def test_the_runtime_is_told_when_the_app_was_last_used(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    await house.advance(10)
    house.report("a", idle_for=4.0)
    used = house.clock.wall() - 4.0
    await house.asleep("a")
    assert house.runtime.remembered["a"] == pytest.approx(used)


async def refused(house: House, app: str) -> str:
    with pytest.raises(SleepRefused) as caught:
        await house.scaler.sleep(app)
    return caught.value.reason


async def test_that_an_app_sleeps_is_told_once_it_has_been_stopped(house: House) -> None:
    told: list[tuple[str, str]] = []
    house.scaler.on_slept.append(lambda app, sentence: told.append((app, sentence)))
    house.add("a", idle=300)
    await house.awake("a")
    house.runtime.stopping = asyncio.Event()
    await house.advance(300)
    house.acknowledge("a")
    house.knock("a")
    await house.settle()
    assert told == []
    house.runtime.stopping.set()
    await house.settle()
    assert told == [("a", "a is asleep: idle")]
    house.scaler.lost("a", "it crashed")
    await house.settle()
    assert told[1:] == [("a", "a fell over: it crashed; the next visit wakes it")]


async def test_a_sleep_that_is_taken_back_is_not_told_as_one(house: House) -> None:
    told: list[str] = []
    house.scaler.on_slept.append(lambda app, _: told.append(app))
    house.add("a", idle=300)
    await house.awake("a")
    house.runtime.refusing["a"] = CHANGED
    await house.advance(300)
    house.acknowledge("a")
    await house.settle()
    assert house.phase("a") is Phase.AWAKE
    assert told == []
