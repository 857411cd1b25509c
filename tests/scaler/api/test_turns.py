"""Turns for work that takes much memory."""

import asyncio

import pytest

from scaler.api.problems import Problem
from scaler.api.turns import Turns


async def test_some_work_some_wait_and_the_rest_is_sent_away() -> None:
    turns, working, may_end = Turns("of them", at_once=2, waiting=3), 0, asyncio.Event()

    async def work() -> None:
        nonlocal working
        async with turns.turn():
            working += 1
            assert working <= 2
            await may_end.wait()
            working -= 1

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(work())
        for _ in range(5):
            await asyncio.sleep(0)
        assert working == 2
        with pytest.raises(Problem, match="Too many of them at once") as caught:
            await work()
        assert (caught.value.status, caught.value.headers["Retry-After"]) == (503, "5")
        may_end.set()
    async with turns.turn():
        assert working == 0


async def test_who_leaves_while_he_waits_makes_room() -> None:
    turns = Turns("of them", at_once=1, waiting=1)
    async with turns.turn():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0), turns.turn():
                pass
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), turns.turn():
                pass
    async with turns.turn():
        pass
