"""A scaler leads for a while and then no more; another follows in the same process."""

import asyncio

import pytest

from scaler.app import AppSpec
from scaler.errors import SleepRefused, WakeFailed
from scaler.scaler import Scaler
from scaler.standing import Standing
from tests.scaler.hand_runtime import HERE, HandRuntime
from torpor.clock import HandClock
from torpor.words import Cause, Phase

SPEC = AppSpec("a", {"": ("a.localhost",)})


async def reign(scaler: Scaler) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(scaler.run())
    await asyncio.sleep(0)
    return task


async def end(reigning: asyncio.Task[None]) -> None:
    reigning.cancel()
    await asyncio.wait({reigning})


async def test_a_wake_under_way_is_dropped_and_the_next_reign_goes_on_with_it() -> None:
    runtime, clock = HandRuntime(), HandClock()
    runtime.slow = True
    first = Scaler(runtime, clock=clock)
    reigning = await reign(first)
    first.put(SPEC)
    waiting = asyncio.get_running_loop().create_task(first.wake("a", Cause("operator")))
    await asyncio.sleep(0.01)
    await end(reigning)
    with pytest.raises(WakeFailed, match="leads no more"):
        await waiting
    assert runtime.log == ["start a", "give up a"]

    runtime.slow = False
    second = Scaler(runtime, clock=clock)
    reigning = await reign(second)
    second.put(SPEC, standing=Standing(up=True))
    assert second.status("a").phase is Phase.AWAKE
    second.addressed("a", HERE)
    await end(reigning)


async def test_a_drain_under_way_stops_nothing_when_the_reign_ends() -> None:
    runtime, clock = HandRuntime(), HandClock()
    scaler = Scaler(runtime, clock=clock)
    reigning = await reign(scaler)
    scaler.links.connected("p", "test")
    scaler.put(SPEC, standing=Standing(up=True, addresses=HERE))
    waiting = asyncio.get_running_loop().create_task(scaler.sleep("a"))
    await asyncio.sleep(0.01)
    assert scaler.status("a").phase is Phase.DRAINING
    await end(reigning)
    with pytest.raises(SleepRefused, match="leads no more"):
        await waiting
    assert runtime.log == []


async def test_news_that_come_after_the_end_move_nobody() -> None:
    scaler = Scaler(HandRuntime(), clock=HandClock())
    reigning = await reign(scaler)
    scaler.put(SPEC)
    await end(reigning)
    scaler.scaled("a", up=True, reason="scaled to 1")
    assert scaler.status("a").phase is Phase.ASLEEP


async def test_a_stop_under_way_is_cancelled_and_nobody_waits_for_it_for_ever() -> None:
    runtime, clock = HandRuntime(), HandClock()
    runtime.stopping = asyncio.Event()
    scaler = Scaler(runtime, clock=clock)
    reigning = await reign(scaler)
    scaler.put(AppSpec("a"), standing=Standing(up=True))
    scaler.links.connected("p", "test")
    waiting = asyncio.get_running_loop().create_task(scaler.sleep("a"))
    await asyncio.sleep(0.01)
    await end(reigning)
    with pytest.raises(SleepRefused, match="leads no more"):
        await waiting
    assert runtime.log == []
