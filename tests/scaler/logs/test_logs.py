"""One stream an app, while somebody reads."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from scaler.logs import logs as module
from scaler.logs.channel import LINGER
from scaler.logs.line import Line
from scaler.logs.logs import Logs, TooManyReaders
from scaler.logs.past import LEFT_OUT, MOST_OLDER
from scaler.logs.reader import Ended, Reader
from tests.scaler.api.fake_control import until
from tests.scaler.hand_runtime import HandRuntime
from tests.scaler.logs.made import WEB, at, line, texts
from torpor.words import AppId


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


class Busy(HandRuntime):
    """Its app goes on writing while the past is read."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Line] = []

    def write(self, lines: int) -> None:
        for number in range(len(self.all), len(self.all) + lines):
            self.all.append(Line(f"2026-01-02T03:04:05.{number:09}Z", WEB, str(number)))
            self.written.put_nowait(self.all[-1])

    async def log_tail(self, app: AppId, lines: int, since: str = "") -> list[Line]:
        self.write(700)
        found = [line for line in self.all if line.at > since][-lines:]
        await until(self.written.empty)
        self.write(700)
        return found


async def test_who_comes_back_while_others_read_gets_all_since_then_however_much_is_written() -> None:
    runtime = Busy()
    async with asyncio.TaskGroup() as group:
        logs = Logs(runtime, lambda: group)
        async with logs.read("web", lines=0) as one:
            runtime.write(5_000)
            await until(runtime.written.empty)
            async with logs.read("web", lines=0, since=runtime.all[9].at) as other:
                found: list[str] = []
                while len(found) < 6_390:
                    lost, batches = await other.take()
                    assert not lost
                    found += texts(batches)
                assert found == [str(number) for number in range(10, 6_400)]
            assert len(texts((await one.take())[1])) == 6_400


async def test_what_is_too_much_is_left_out_and_that_is_said() -> None:
    runtime = Busy()
    async with asyncio.TaskGroup() as group:
        logs = Logs(runtime, lambda: group)
        async with logs.read("web", lines=0):
            runtime.write(MOST_OLDER + 5_000)
            await until(runtime.written.empty)
            async with logs.read("web", lines=0, since=runtime.all[0].at) as other:
                lost, batches = await other.take()
                assert not lost
                said, *found = texts(batches)
                assert said == LEFT_OUT
                assert [int(text) for text in found] == list(range(5_700, 5_700 + len(found)))
                assert len(found) > MOST_OLDER - 1_000, "and what comes"


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


async def test_all_readers_share_the_room_there_is(
    logs: Logs, runtime: HandRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUED", 4_000)
    monkeypatch.setattr(module, "KEPT", 2_000)
    big = line(1, "x" * 780)  # 1,000 bytes with what it costs beside

    async def write(lines: int) -> None:
        for _ in range(lines):
            runtime.written.put_nowait(big)
            await until(runtime.written.empty)
            await asyncio.sleep(2 * LINGER)

    async with logs.read("web", lines=0) as one:
        ring = logs._channels["web"]._rings
        await write(4)
        assert len(ring[WEB].last(None, "")) == 2
        async with logs.read("db", lines=0), logs.read("db", lines=0), logs.read("db", lines=0):
            assert len(ring[WEB].last(None, "")) == 1
            lost, batches = await one.take()
            assert (lost, len(batches)) == (3, 1)
        await write(4)
        lost, batches = await one.take()
        assert (lost, len(batches)) == (0, 4)


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
