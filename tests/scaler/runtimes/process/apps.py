"""Apps for the tests of the process runtime: real processes, each a few lines of Python."""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scaler.runtime import StartFailed
from scaler.runtimes.process import ProcessRuntime, Workload
from scaler.runtimes.process.keeper import procfs
from torpor.words import Address

_PATIENCE = 40.0
"""Seconds until something that a test waits for counts as something that never comes."""

SERVER = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    server.accept()[0].close()
"""

DEAF = "import time; time.sleep(600)"

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + SERVER

FAMILY = """
import os, signal, socket, sys, time

def live(name):
    with open(name + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(name + ".new", name)
    time.sleep(600)

if os.fork() == 0:
    live("child")
if os.fork() == 0:
    os.setsid()
    live("session")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        live("daemon")
    os._exit(0)
while not all(os.path.exists(name) for name in ("child", "session", "daemon")):
    time.sleep(0.01)
"""
"""A child, one in a session of its own, and a daemon that ignores SIGTERM. Their pids are in files of these names."""

MEMBERS = ("child", "session", "daemon")


async def until(condition: Callable[[], object]) -> None:
    """Wait until it is true."""
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end, "this never came true"
        await asyncio.sleep(0.01)


def alive(*pids: int) -> list[int]:
    """Those that live, zombies not counted."""
    return [pid for pid in pids if procfs.look(pid) is not None]


@dataclass
class Apps:
    """A runtime, its directory, what it said and what it lost."""

    runtime: ProcessRuntime
    directory: Path
    lost: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def put(
        self,
        app: str,
        code: str = SERVER,
        *,
        command: tuple[str, ...] | None = None,
        directory: Path | None = None,
        env: dict[str, str] | None = None,
        port: int | None = None,
        ready_path: str | None = None,
        stop_timeout: float = 20.0,
        log_file: Path | None = None,
        log_bytes: int = 65536,
    ) -> None:
        """Define an app by its code, which finds the port in sys.argv[1], or by its command."""
        workload = Workload(
            command=command or (sys.executable, "-I", "-S", "-c", code, "{port}"),
            directory=directory or self.directory,
            env=env or {},
            port=port,
            ready_path=ready_path,
            stop_timeout=stop_timeout,
            log_file=log_file or self.directory / "logs" / f"{app}.log",
            log_bytes=log_bytes,
        )
        self.runtime.put(app, workload)

    async def start(self, app: str) -> Address:
        """Start it; its one address."""
        ((address,),) = (await self.runtime.start(app, self.said.append)).values()
        return address

    async def failure(self, app: str) -> str:
        """Why it does not start."""
        with pytest.raises(StartFailed) as failed:
            await self.start(app)
        return str(failed.value)

    def pids(self, *names: str) -> list[int]:
        """What processes of an app have written into files."""
        return [int((self.directory / name).read_text()) for name in names]

    def keeper(self) -> int:
        """The keeper's pid."""
        keeper = self.runtime._keeper
        assert keeper is not None
        return keeper.pid

    def main(self, app: str) -> int:
        """The pid of the app's main process."""
        return self.runtime._runs[app].pid
