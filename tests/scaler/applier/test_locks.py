"""One at a time changes a set."""

import asyncio

import pytest

from scaler.applier import locks
from scaler.applier.errors import Busy
from scaler.applier.locks import Locks
from scaler.applier.sets import SetId

ONE, OTHER = SetId("review", "pr-1"), SetId("review", "pr-2")


async def test_who_comes_second_waits_and_other_sets_do_not() -> None:
    held, order, go = Locks(), [], asyncio.Event()

    async def first() -> None:
        async with held.held(ONE):
            await go.wait()
            order.append("first")

    async def second() -> None:
        async with held.held(ONE):
            order.append("second")

    async with asyncio.TaskGroup() as group:
        group.create_task(first())
        await asyncio.sleep(0)
        group.create_task(second())
        async with held.held(OTHER):
            order.append("other")
        go.set()
    assert order == ["other", "first", "second"]


async def test_patience_ends_with_words_and_leaves_nothing_behind() -> None:
    held = Locks(patience=0.01)
    async with held.held(ONE):
        with pytest.raises(Busy, match="review/pr-1 is being changed by somebody else"):
            async with held.held(ONE):
                pass
    async with held.held(ONE):
        pass
    assert not held._locks


async def test_so_many_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "MOST", 1)
    held = Locks()
    async with held.held(ONE):
        with pytest.raises(Busy, match="too many"):
            async with held.held(OTHER):
                pass
