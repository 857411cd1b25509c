"""One stream an app, while somebody reads."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from scaler.logs import logs as module
from scaler.logs.logs import Logs, TooManyReaders
from scaler.logs.reader import Ended, Reader
from tests.scaler.api.fake_control import until
from tests.scaler.hand_runtime import HandRuntime
from tests.scaler.logs.made import at, line, texts


@pytest.fixture
def runtime() -> HandRuntime:
    return HandRuntime()


@pytest.fixture
async def logs(runtime: HandRuntime) -> AsyncIterator[Logs]:
    async with asyncio.TaskGroup() as group:
        yield Logs(runtime, lambda: group)


async def said(reader: Reader) -> list[str]:
    return texts((await reader.take())[1])


async def test_many_readers_share_one_stream_which_ends_with_the_last(logs: Logs, runtime: HandRuntime) -> None:
    async with logs.read("web", lines=5) as one:
        async with logs.read("web", lines=5) as other:
            runtime.written.put_nowait(line(1))
            assert await said(one) == await said(other) == ["line 1"]
        runtime.written.put_nowait(line(2))
        assert await said(one) == ["line 2"]
        assert runtime.log == ["follow web 5"]
    await until(lambda: runtime.log == ["follow web 5", "follow web no more"])
    async with logs.read("web", lines=1):
        await until(lambda: runtime.log[2:] == ["follow web 1"])


async def test_who_comes_back_asks_for_all_since_then(logs: Logs, runtime: HandRuntime) -> None:
    async with logs.read("web", lines=0, since=at(7)):
        await until(lambda: runtime.log == [f"follow web None {at(7)}"])


async def test_who_wants_to_see_farther_back_than_the_first_is_given_the_end_of_the_log(
    logs: Logs, runtime: HandRuntime
) -> None:
    async with logs.read("web", lines=0) as one, logs.read("web", lines=9) as other:
        assert await said(other) == ["the log of web"]
        runtime.written.put_nowait(line(1))
        assert await said(one) == await said(other) == ["line 1"]
    assert runtime.log.count("follow web 0") == 1


async def test_apps_have_streams_of_their_own(logs: Logs, runtime: HandRuntime) -> None:
    async with logs.read("web", lines=0), logs.read("db", lines=0):
        await until(lambda: set(runtime.log) == {"follow web 0", "follow db 0"})


async def test_readers_are_bounded(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_READERS", 1)
    async with logs.read("web", lines=0):
        with pytest.raises(TooManyReaders):
            async with logs.read("db", lines=0):
                pass
    async with logs.read("db", lines=0):
        pass


async def test_when_a_reign_ends_readers_are_told() -> None:
    async with asyncio.TaskGroup() as group:
        logs = Logs(HandRuntime(), lambda: group)

        async def reign() -> None:
            async with asyncio.TaskGroup() as tasks:
                logs._tasks = lambda: tasks
                await asyncio.Event().wait()

        task = group.create_task(reign())
        await asyncio.sleep(0)
        async with logs.read("web", lines=0) as reader:
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(Ended):
                await reader.take()


async def test_a_mistake_of_the_runtime_ends_the_stream_and_nothing_else(
    runtime: HandRuntime, logs: Logs, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("our own mistake")

    runtime.follow = broken  # type: ignore[assignment,method-assign]
    async with logs.read("web", lines=0) as reader:
        with pytest.raises(Ended):
            await reader.take()
    assert "our own mistake" in caplog.text
