"""Speaking with one worker of HAProxy: over a connection that stays, and through its master when that is lost."""

import asyncio
from pathlib import Path

import pytest

from proxy.haproxy.engine import HaproxyEngine
from proxy.haproxy.state import GenerationDirectory
from proxy.haproxy.worker import Worker, WorkerSocket
from proxy.lanes import LaneError
from tests.engines.street import Street, street
from tests.wire import App


def serving(here: Street) -> Worker:
    assert isinstance(here.engine, HaproxyEngine)
    worker = here.engine.lanes._serving
    assert worker is not None
    return worker


COMMANDS = [f"add map addresses.map key{number} {number}" for number in range(500)]


@pytest.mark.parametrize("held", [True, False])
async def test_many_commands_go_to_this_worker(state: Path, held: bool) -> None:
    async with App() as app, street("haproxy", state) as here:
        await here.awake(app)
        worker = serving(here)
        socket = WorkerSocket(worker.life.directory, worker.pid)
        if held:
            await socket.hold()
        await socket.do(COMMANDS)
        await socket.replace("several.map", ((f"key{number}", "2") for number in range(2000)))
        said = await socket.ask("show map addresses.map")
        assert said.count(" key") == 500
        assert said.endswith("\n")
        assert (await socket.ask("show map several.map")).count(" key") == 2000
        with pytest.raises(LaneError, match="HAProxy refused"):
            await socket.do(["set map addresses.map key0 1", "set map addresses.map nobody 1"])
        await socket.do(f"del map addresses.map key{number}" for number in range(500))
        await socket.replace("several.map", [])
        socket.let_go()


async def test_a_connection_that_is_lost_is_told_and_done_without(state: Path) -> None:
    async with App() as app, street("haproxy", state) as here:
        await here.awake(app)
        worker = serving(here)
        assert worker.socket._held is not None
        worker.socket._held[1].transport.abort()
        with pytest.raises(LaneError, match="HAProxy does not answer"):
            await worker.socket.ask("show info")
        assert f"Pid: {worker.pid}" in await worker.socket.ask("show info")
        await here.awake(app)
        assert (await here.get()).body == b"hello"


async def test_only_the_process_that_is_meant_is_held(state: Path) -> None:
    async with street("haproxy", state) as here:
        worker = serving(here)
        other = WorkerSocket(worker.life.directory, worker.pid + 100_000)
        await other.hold()
        assert other._held is None
        assert "Can't find the target PID" in await other.ask("show info")


@pytest.mark.parametrize("says", ["nothing", "goodbye"])
async def test_a_process_that_does_not_speak_at_once_is_spoken_to_through_its_master(state: Path, says: str) -> None:
    """Here it is none of HAProxy's: a worker that is listed, and not yet, or no more, there to answer."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if says == "nothing":
            await reader.read()
        writer.close()

    directory = GenerationDirectory(state / "haproxy-1")
    directory.path.mkdir()
    async with await asyncio.start_unix_server(speak, directory.runtime_socket):
        worker = WorkerSocket(directory, 1)
        try:
            await worker.hold()
            assert worker._held is None
        finally:
            worker.let_go()
