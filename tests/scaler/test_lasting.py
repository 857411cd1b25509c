"""Nothing that goes wrong beside a reign ends it."""

import asyncio

import pytest

from scaler import lasting as module
from scaler.lasting import lasting


async def test_a_mistake_is_told_and_the_work_begun_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(module, "doubled", lambda first, times: pauses.append(times) or first)
    began: list[int] = []

    async def work() -> None:
        began.append(1)
        if len(began) == 2:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
        if len(began) < 4:
            await fail()

    async def fail() -> None:
        raise ValueError("a bug")

    await lasting("the work", work)
    assert len(began) == 4
    assert pauses == [0, 1, 2]
    assert caplog.text.count("the work went wrong, and is begun again in 0.001s") == 3
    assert "ValueError: a bug" in caplog.text


async def test_whoever_ends_it_ends_it() -> None:
    task = asyncio.get_running_loop().create_task(lasting("the work", asyncio.Event().wait))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
