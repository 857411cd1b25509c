import asyncio

from scaler.deadlines import Deadlines
from torpor.clock import HandClock


async def collect(deadlines: Deadlines[str], found: list[str]) -> None:
    async for key in deadlines.due():
        found.append(key)  # noqa: PERF401 - it never ends


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_keys_come_up_in_the_order_of_their_times_and_once_each() -> None:
    clock = HandClock(0)
    deadlines: Deadlines[str] = Deadlines(clock)
    found: list[str] = []
    async with asyncio.TaskGroup() as group:
        task = group.create_task(collect(deadlines, found))
        await settle()
        deadlines.set("late", 20)
        deadlines.set("soon", 10)
        deadlines.set("moved", 5)
        deadlines.set("moved", 15)
        deadlines.set("never", 12)
        deadlines.cancel("never")
        clock.advance(10)
        await settle()
        assert found == ["soon"]
        clock.advance(100)
        await settle()
        assert found == ["soon", "moved", "late"]
        task.cancel()


async def test_moving_a_deadline_many_times_keeps_the_heap_small() -> None:
    deadlines: Deadlines[str] = Deadlines(HandClock(0))
    for at in range(50_000):
        deadlines.set("busy", at)
    assert len(deadlines) == 1
    assert len(deadlines._heap) < 2_000


async def test_nothing_is_done_while_nothing_is_due() -> None:
    """10,000 idle apps cost one sleep: advancing time short of every deadline wakes the loop once, not per app."""
    clock = HandClock(0)
    deadlines: Deadlines[str] = Deadlines(clock)
    for number in range(10_000):
        deadlines.set(str(number), 1_000 + number)
    found: list[str] = []
    async with asyncio.TaskGroup() as group:
        task = group.create_task(collect(deadlines, found))
        await settle()
        clock.advance(999)
        await settle()
        assert found == []
        clock.advance(2)
        await settle()
        assert found == ["0", "1"]
        task.cancel()
