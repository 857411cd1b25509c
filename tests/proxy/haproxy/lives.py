"""Proxy processes that a test can kill, one after the other on one state directory; and engines in the test's own."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from proxy.haproxy.configuration import Timeouts
from proxy.haproxy.engine import HaproxyEngine
from proxy.haproxy.left import kill_left
from proxy.haproxy.process import HaproxyProcess
from proxy.haproxy.program import find_program
from proxy.haproxy.state import StateDirectory
from proxy.server import House
from tests.engines.street import Street
from tests.ports import own_port, somewhere
from tests.wire import PATIENCE, App, Visitor, request, until

LIFE = """
import asyncio, json, logging, sys
from pathlib import Path
from proxy.haproxy.configuration import Timeouts
from proxy.haproxy.engine import HaproxyEngine
from proxy.lane_keeper import LaneKeeper
from proxy.server import House
from tests.engines.street import Street
from torpor.words import Address, Phase

async def main():
    directory, port, app, options = sys.argv[1:]
    options = json.loads(options)
    idle = options.pop("idle", 75.0)
    here = Street()
    here.app(Phase.AWAKE, Address("127.0.0.1", int(app)))
    here.app(Phase.ASLEEP, name="other")
    engine = HaproxyEngine(House(here.doorman, here.table, here.ledger), listen=("127.0.0.1", int(port)),
                           state_directory=Path(directory), timeouts=Timeouts(idle=idle), orphan=600.0,
                           **{"threads": 2} | options)
    async with engine, asyncio.TaskGroup() as group:
        keeper = LaneKeeper(engine.lanes, here.table, here.ledger, here.sent.append)
        group.create_task(keeper.run())
        print(engine.addresses[0][1], flush=True)
        await asyncio.Event().wait()

logging.basicConfig(level=logging.INFO)
asyncio.run(main())
"""


class Lives:
    """One proxy process after the other. `idle` among the options is a timeout: other settings."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = own_port()
        self.process: asyncio.subprocess.Process | None = None

    async def begin(self, app: App, **options: object) -> None:
        await self.start(app, **options)
        await self.listens()

    async def start(self, app: App, **options: object) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", LIFE, str(self.directory), str(self.port), str(app.address.port)),
            json.dumps(options),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    async def listens(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            self.port = int(await self.process.stdout.readline())

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def end(self) -> None:
        if self.process is not None and self.process.returncode is None:
            await self.kill()
        kill_left(self.directory)

    async def haproxy(self) -> HaproxyProcess:
        """The newest, which runs."""
        found = await self.newest()
        assert found is not None
        return found

    async def newest(self) -> HaproxyProcess | None:
        """The newest if it runs."""
        lives = StateDirectory(self.directory).generations()
        return await HaproxyProcess.find(lives[-1]) if lives else None


def make(here: Street, directory: Path, *, idle: float = 75.0, **options: object) -> HaproxyEngine:
    house = House(here.doorman, here.table, here.ledger)
    usual: dict[str, object] = {"listen": somewhere(), "state_directory": directory, "threads": 2}
    return HaproxyEngine(house, timeouts=Timeouts(idle=idle), **usual | options)  # type: ignore[arg-type]


async def connected(port: int) -> Visitor:
    return Visitor(*await asyncio.open_connection("127.0.0.1", port, limit=16 * 1024 * 1024))


async def takes_connections(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def wrapper(directory: Path, code: str) -> str:
    """A program that runs this code before it becomes HAProxy; its path."""
    program, _ = find_program()
    file = directory / "haproxy"
    file.write_text(f"#!{sys.executable}\nimport os, sys\n{code}\nos.execv({program!r}, sys.argv)\n")
    file.chmod(0o700)
    return str(file)


class Traffic:
    """Visitors who come all the time, each on a connection of its own, or on one for as long as it is kept open."""

    def __init__(self, port: int, *, keep: bool) -> None:
        self.port = port
        self.keep = keep
        self.answered = 0
        self.connections = 0
        self.over = False

    async def come(self) -> None:
        while not self.over:
            visitor = await connected(self.port)
            self.connections += 1
            open_still = True
            while open_still and not self.over:
                visitor.send(request("POST", "/", "Content-Length: 4", body=b"body"))
                got = await visitor.answer()
                assert (got.status, got.body) == (200, b"hello"), got.head
                self.answered += 1
                open_still = self.keep and got.headers.get("connection") != "close"
                await asyncio.sleep(0.002)
            await visitor.leave()


@contextlib.asynccontextmanager
async def traffic(port: int, *, keep: bool = False, visitors: int = 3) -> AsyncIterator[Traffic]:
    """Around what no visitor may notice: no request fails, nor is a connection closed with one on its way."""
    coming = Traffic(port, keep=keep)
    async with asyncio.TaskGroup() as group:
        for _ in range(visitors):
            group.create_task(coming.come())
        await until(lambda: coming.answered > 10)
        yield coming
        before = coming.answered
        await until(lambda: coming.answered > before + 10)
        coming.over = True
