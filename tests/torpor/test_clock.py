import asyncio
import time

from torpor.clock import HandClock, MachineClock


async def test_the_machines_clock_waits_until_a_time() -> None:
    clock, event = MachineClock(), asyncio.Event()
    until = clock.now() + 0.02
    assert not await clock.wait(event, until)
    assert time.monotonic() >= until


async def test_an_event_ends_the_wait() -> None:
    for clock in (MachineClock(), HandClock()):
        event = asyncio.Event()
        asyncio.get_running_loop().call_soon(event.set)
        assert await clock.wait(event, None)


async def test_a_clock_turned_by_hand_moves_only_by_hand() -> None:
    clock, event = HandClock(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(clock.wait(event, clock.now() + 300))
        await asyncio.sleep(0.01)
        clock.advance(299)
        await asyncio.sleep(0.01)
        assert not waiting.done()
        clock.advance(1)
    assert waiting.result() is False
