"""A log as it grows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scaler.logs.line import Line
from scaler.runtimes.process import following
from scaler.runtimes.process.following import follow
from scaler.runtimes.process.keeper.logfile import LogFile
from tests.scaler.runtimes.process.apps import SERVER, Apps, until


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


@asynccontextmanager
async def followed(file: Path, lines: int | None = 100, since: str = "") -> AsyncIterator[list[Line]]:
    """The lines, as they come."""
    found: list[Line] = []
    async with asyncio.TaskGroup() as group:
        task = group.create_task(follow(file, found.extend, lines, since))
        await asyncio.sleep(0)  # it has read what is there
        try:
            yield found
        finally:
            task.cancel()


def texts(found: list[Line]) -> list[str]:
    return [line.text for line in found]


async def test_what_is_there_comes_first_and_then_what_is_written(file: Path) -> None:
    log = LogFile(str(file), 65536)
    log.keep(b"one\ntwo\nthree\nfo")
    async with followed(file, 2) as found:
        await until(lambda: texts(found) == ["two", "three"])
        log.keep(b"ur\nfive\n")
        await until(lambda: texts(found)[2:] == ["four", "five"])
        assert [line.at for line in found] == sorted(line.at for line in found)
    async with followed(file, None, found[1].at) as again:
        await until(lambda: texts(again) == ["four", "five"])
    async with followed(file, 0) as nothing:
        log.keep(b"six\n")
        await until(lambda: texts(nothing) == ["six"])
    log.close()


async def test_a_file_may_come_later(file: Path) -> None:
    async with followed(file) as found:
        await asyncio.sleep(0.01)
        log = LogFile(str(file), 65536)
        log.keep(b"one\n")
        await until(lambda: texts(found) == ["one"])
        log.close()


async def test_lines_go_on_in_the_next_file(file: Path) -> None:
    log = LogFile(str(file), 4096)
    async with followed(file) as found:
        for number in range(300):
            log.keep(b"line %d " % number)
            log.keep(b"goes on\n")
            if number % 10 == 0:
                await until(lambda: len(found) == number + 1)  # noqa: B023 - awaited at once
        await until(lambda: len(found) == 300)
    assert texts(found) == [f"line {number} goes on" for number in range(300)]
    log.close()


async def test_what_was_overwritten_before_it_was_read_is_told(file: Path) -> None:
    log = LogFile(str(file), 4096)
    log.keep(b"first\n")
    async with followed(file) as found:
        await until(lambda: texts(found) == ["first"])
        for number in range(1000):  # without a break: nobody else runs
            log.keep(b"line %d\n" % number)
        await until(lambda: texts(found)[-1:] == ["line 999"])
    assert following.MISSED in texts(found)
    assert len(texts(found)) == len(set(texts(found)))
    log.close()


async def test_a_file_that_was_emptied_is_read_from_its_beginning(file: Path) -> None:
    log = LogFile(str(file), 65536)
    log.keep(b"a line that is rather long\n")
    async with followed(file) as found:
        await until(lambda: len(found) == 1)
        file.write_bytes(b"")
        log.keep(b"short\n")
        await until(lambda: texts(found)[1:] == ["short"])
    log.close()


async def test_an_app_is_followed_over_its_runs(apps: Apps) -> None:
    apps.put("web", "import os; print('run', os.environ['PORT'], flush=True)" + SERVER)
    found: list[Line] = []
    async with asyncio.TaskGroup() as group:
        task = group.create_task(apps.runtime.follow("web", found.extend, 10, ""))
        for run in (1, 2):
            await apps.start("web")
            await apps.runtime.stop("web")
            await until(lambda: sum(line.text.startswith("run ") for line in found) == run)  # noqa: B023 - as above
        task.cancel()
    assert sum(" started: " in line.text for line in found) == 2


async def test_nothing_is_followed_of_an_app_that_is_unknown(apps: Apps) -> None:
    await apps.runtime.follow("nobody", lambda _: None, 10, "")
