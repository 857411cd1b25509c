"""The switch ends blocks from outside, and nothing else."""

import asyncio

import pytest

from scaler.api.switch import Stopping, Switch


async def test_a_thrown_switch_ends_the_blocks_under_way_and_begins_no_more() -> None:
    switch = Switch(Stopping)
    cleaned = 0

    async def wait() -> None:
        nonlocal cleaned
        try:
            async with switch.block():
                await asyncio.Event().wait()
        finally:
            cleaned += 1

    async def expect() -> None:
        with pytest.raises(Stopping):
            await wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(expect())
        await asyncio.sleep(0)
        assert not await switch.none_left(0.001)
        switch.throw()
        switch.throw()
        assert await switch.none_left(60)
    assert cleaned == 3
    with pytest.raises(Stopping):
        await wait()


async def test_a_block_that_ends_by_itself_is_left_alone() -> None:
    switch = Switch(Stopping)
    async with switch.block():
        pass
    assert await switch.none_left(0)
    with pytest.raises(ValueError, match="mine"):
        async with switch.block():
            raise ValueError("mine")
    with pytest.raises(TimeoutError):
        async with switch.block(), asyncio.timeout(0):
            await asyncio.Event().wait()


async def test_cancelling_the_task_stays_cancelling() -> None:
    switch = Switch(Stopping)

    async def wait() -> None:
        async with switch.block():
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()
    assert await switch.none_left(0)


async def test_nested_switches_tell_which_was_thrown() -> None:
    outer, inner = Switch(Stopping), Switch(ConnectionError)

    async def wait() -> None:
        async with outer.block(), inner.block():
            await asyncio.Event().wait()

    for thrown, error in ((inner, ConnectionError), (outer, Stopping)):
        thrown.thrown = False
        async with asyncio.TaskGroup() as group:

            async def expect(error: type[Exception] = error) -> None:
                with pytest.raises(error):
                    await wait()

            group.create_task(expect())
            await asyncio.sleep(0)
            thrown.throw()
        thrown.thrown = False
