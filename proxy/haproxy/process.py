"""HAProxy as a process: started with listeners that we bound, heard, asked to end; or found running and taken over."""

import asyncio
import contextlib
import logging
import os
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

from proxy.haproxy import activity
from proxy.haproxy.activity import TABLE
from proxy.haproxy.listeners import Listeners
from proxy.haproxy.runtime import RuntimeSocket
from proxy.haproxy.state import StateDirectory
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

_MASTER = re.compile(r"^(\d+)\s+master\b", re.MULTILINE)
_LEFT = "aborting Lua processing on expired timeout"
"""What it says of each visitor who leaves while held."""
_NOISE = re.compile(r"^\[(NOTICE|WARNING|ALERT)\]\s+\(\d+\) : ")


class HaproxyProcess:
    """One life of HAProxy, a master and its worker."""

    def __init__(self, pid: int, process: Process | None, state: StateDirectory) -> None:
        self.pid = pid
        self._process = process
        self._runtime = RuntimeSocket(state.runtime_socket)
        self.through_master = RuntimeSocket(state.master_socket, "@1 ")
        """Reaches the worker also while it drains and does not listen itself."""
        self._words = ""

    @classmethod
    async def start(cls, program: str, state: StateDirectory, listeners: Listeners) -> "HaproxyProcess":
        """Start it on our listeners and wait until it answers. Raises OSError with what it says."""
        state.clear_sockets()
        async with listeners.handed_out(state.path / LISTENERS):
            process = await asyncio.create_subprocess_exec(
                program,
                *("-W", "-S", "unix@master.sock,mode,600", "-f", "haproxy.cfg", "-x", LISTENERS),
                cwd=state.path,
                env=_environment(listeners),
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=PIPE,
                start_new_session=True,  # Ctrl-C is for us; and it serves on when we are killed
            )
            made = cls(process.pid, process, state)
            await made._until_it_answers(state)
        return made

    async def _until_it_answers(self, state: StateDirectory) -> None:
        process = self._process
        assert process is not None  # noqa: S101 - for the type checker: just started
        try:
            async with asyncio.timeout(START):
                while process.returncode is None and not await self.find(state):
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.02):
                            await self.hear()
        except BaseException as error:
            await self.kill()
            if isinstance(error, TimeoutError):
                raise OSError(f"HAProxy has not answered within {START:g}s; {self._words}") from None
            raise
        if process.returncode is not None:
            await self.hear()
            raise OSError(f"HAProxy does not start: {self._words or f'exit code {process.returncode}'}")

    @classmethod
    async def find(cls, state: StateDirectory) -> "HaproxyProcess | None":
        """The one that an earlier process left running here."""
        try:
            pid = _MASTER.search(await RuntimeSocket(state.master_socket).ask("show proc"))
        except LaneError:
            return None
        made = cls(int(pid[1]), None, state) if pid else None
        return made if made and await made.answers() else None

    async def answers(self) -> bool:
        """Whether its worker takes commands."""
        try:
            return "Pid:" in await self._runtime.ask("show info")
        except LaneError:
            return False

    async def open_visits(self) -> int:
        """How many are under way over all apps."""
        try:
            said = await self.through_master.ask(f"show table {TABLE}")
            return sum(row.open for row in activity.read(said).values())
        except (LaneError, ValueError) as error:
            logger.debug("HAProxy does not say what is open: %s", error)
            return 0

    async def hear(self) -> None:
        """Log what it says, until it has ended."""
        if self._process is None or self._process.stderr is None:
            return
        while line := await self._process.stderr.readline():
            text = line.decode(errors="replace").strip()
            kind = found[1] if (found := _NOISE.match(text)) else "WARNING"
            text = _NOISE.sub("", text)
            if kind == "NOTICE" or _LEFT in text:
                logger.debug("HAProxy: %s", text)
            else:
                self._words = f"{self._words}; {text}".removeprefix("; ")[-WORDS:]
                logger.log(logging.WARNING, "HAProxy: %s", text)

    async def ended(self) -> str:
        """Wait until it has ended; how, for people."""
        if self._process is None:
            while _alive(self.pid):  # noqa: ASYNC110 - nobody tells us of a process that is not our child
                await asyncio.sleep(POLL)
            return "it is gone"
        code = await self._process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"{how}; {self._words}" if self._words else how

    def drain(self) -> None:
        """Have it close its listeners and end when its visits have ended."""
        self._signal(signal.SIGUSR1)

    async def kill(self) -> None:
        """End it now: all its processes, since a worker outlives its master for a moment."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(2.0):
                await self.ended()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            await self.ended()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def kill_left(directory: Path) -> None:
    """Kill the HAProxy that a proxy process left running in this state directory when it was killed itself."""
    pid = StateDirectory(directory).recall().get("pid")
    with contextlib.suppress(OSError):
        if isinstance(pid, int) and Path(f"/proc/{pid}/cwd").readlink() == directory.resolve():
            os.killpg(pid, signal.SIGKILL)


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


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
