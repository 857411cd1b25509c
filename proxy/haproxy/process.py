"""HAProxy as a process: started with listeners that we bound, heard, asked to end; or found running and taken over."""

import asyncio
import contextlib
import logging
import os
import re
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

from proxy.haproxy.left import kill_all, leads, processes_in, runs_in
from proxy.haproxy.listeners import Listeners
from proxy.haproxy.runtime import RuntimeSocket
from proxy.haproxy.state import GenerationDirectory
from proxy.lanes import LaneError

logger = logging.getLogger(__name__)

START = 15.0
"""Seconds within which it must answer."""
POLL = 0.2
"""Seconds between two looks at a process that is not our child."""
LISTENERS = "listeners.sock"
"""Where HAProxy asks for its listeners when it starts."""
WORDS = 2000
"""Characters of its complaints that are kept."""

_WORKER = re.compile(r"^(\d+)\s+worker\s+(\d+)", re.MULTILINE)
_NOISE = re.compile(r"^\[(NOTICE|WARNING|ALERT)\]\s+\(\d+\) : ")
_NO_NEWS = re.compile(
    r"Proxy \S+ stopped|Failed to transfer socket$|(Former|Current|New) worker|Loading success|Exiting Master"
    r"|Paused frontend|All workers exited\. Exiting\.\.\. \(0\)|.*aborting Lua processing on expired timeout"
)
"""What a reload or an end brings with it (the sockets are for commands to a worker that has just ended); and what it
says of each visitor who leaves while held."""


class HaproxyProcess:
    """One life of HAProxy: a master and its workers. The newest serves, the others end when their visits have ended."""

    def __init__(self, pid: int, process: Process | None, directory: GenerationDirectory) -> None:
        self.pid = pid
        self.directory = directory
        self.ours = process is not None
        """Whether this process of ours has started it."""
        self.draining = "draining" in directory.recall()
        self._process = process
        self._master = RuntimeSocket(directory.master_socket)
        self._words = ""

    @classmethod
    async def start(cls, program: str, directory: GenerationDirectory, listeners: Listeners) -> "HaproxyProcess":
        """Start it on our listeners and wait until it answers. Raises OSError with what it says."""
        async with listeners.handed_out(directory.path / LISTENERS):
            process = await asyncio.create_subprocess_exec(
                program,
                *("-W", "-S", "unix@master.sock,mode,600", "-f", "haproxy.cfg", "-x", LISTENERS),
                cwd=directory.path,
                env=_environment(listeners),
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=PIPE,
                start_new_session=True,  # Ctrl-C is for us; and it serves on when we are killed
            )
            made = cls(process.pid, process, directory)
            try:
                await made._until_it_answers()
                if process.returncode is not None:
                    await made.hear()
                    raise OSError(f"HAProxy does not start: {made._words or f'exit code {process.returncode}'}")
            except BaseException as error:
                await made.kill()
                if isinstance(error, TimeoutError):
                    raise OSError(f"HAProxy has not answered within {START:g}s; {made._words}") from None
                raise
        return made

    @classmethod
    async def find(cls, directory: GenerationDirectory) -> "HaproxyProcess | None":
        """The one that an earlier process left running here. It may be starting or reloading just now."""
        masters = [pid for pid in processes_in(directory.path) if leads(pid)]
        for pid in masters:
            made = cls(pid, None, directory)
            try:
                await made._until_it_answers()
            except TimeoutError:
                logger.warning("the HAProxy that runs here (process %d) does not answer and is ended", pid)
            else:
                if made._alive():
                    return made
        kill_all(directory.path)
        return None

    async def _until_it_answers(self) -> None:
        """Or until it has ended. Raises TimeoutError."""
        async with asyncio.timeout(START):
            while self._alive() and not await self._answers():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await self.hear()
                        await asyncio.sleep(1)

    async def _answers(self) -> bool:
        try:
            return any(["Pid:" in await self._master.ask(f"@!{pid} show info") for pid in await self.workers()])
        except LaneError:
            return False

    async def workers(self) -> list[int]:
        """The worker processes, the newest first. Raises LaneError, also while the master reloads."""
        try:
            said = await self._master.ask("show proc")
        except LaneError:
            if not runs_in(self.pid, self.directory.path.resolve()):
                return []  # it has just ended
            raise
        found: list[tuple[str, str]] = _WORKER.findall(said)
        return [int(pid) for pid, _ in sorted(found, key=lambda worker: int(worker[1]))]

    async def listeners(self) -> list[socket.socket]:
        """Copies of the sockets on which it listens; the caller closes them. Raises LaneError."""
        return await RuntimeSocket(self.directory.runtime_socket).listeners()

    async def hear(self) -> None:
        """Log what it says, until it has ended."""
        if self._process is None or self._process.stderr is None:
            return
        while line := await self._process.stderr.readline():
            text = line.decode(errors="replace").strip()
            kind = found[1] if (found := _NOISE.match(text)) else "WARNING"
            text = _NOISE.sub("", text)
            if kind == "NOTICE" or _NO_NEWS.match(text):
                logger.debug("HAProxy: %s", text)
            else:
                self._words = f"{self._words}; {text}".removeprefix("; ")[-WORDS:]
                logger.log(logging.WARNING, "HAProxy: %s", text)

    async def ended(self) -> str:
        """Wait until it has ended, and log what it says until then; how it ended, for people. One caller at a time."""
        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(self.hear())
            how = await self._exit()
            hearing.cancel()
        return f"{how}; {self._words}" if self._words else how

    async def _exit(self) -> str:
        if self._process is None:
            while self._alive():  # noqa: ASYNC110 - nobody tells us of a process that is not our child
                await asyncio.sleep(POLL)
            return "it is gone"
        code = await self._process.wait()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def drain(self) -> None:
        """Have it close its listeners and end when its visits have ended."""
        if not self.draining:
            self.draining = True
            self._signal(signal.SIGUSR1)
            self.directory.remember(draining=True)

    async def kill(self) -> None:
        """End it now: all its processes, since a worker outlives its master for a moment."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self._exit()
        kill_all(self.directory.path)
        await self._exit()

    def _signal(self, number: signal.Signals) -> None:
        if self._alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _alive(self) -> bool:
        return self._process.returncode is None if self._process else runs_in(self.pid, self.directory.path.resolve())


async def check_configuration(program: str, directory: Path, listeners: Listeners) -> None:
    """Have HAProxy read the files. Raises OSError with its complaints."""
    process = await asyncio.create_subprocess_exec(
        program,
        *("-c", "-f", "haproxy.cfg"),
        cwd=directory,
        env=_environment(listeners),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(START):
            _, said = await process.communicate()
    except TimeoutError:
        raise OSError(f"HAProxy has not read its configuration within {START:g}s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = [_NOISE.sub("", line) for line in said.decode(errors="replace").splitlines() if "NOTICE" not in line]
        raise OSError(f"HAProxy does not accept its configuration: {'; '.join(lines)[:WORDS]}")


def _environment(listeners: Listeners) -> dict[str, str]:
    """Ours, less what is Torpor's own in it: secrets."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TORPOR_", "HAPROXY_"))}
    return inherited | listeners.environment()
