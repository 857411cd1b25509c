"""One start of an app as the keeper sees it, until nothing of it is left."""

import os
import selectors
import signal
import time
from contextlib import suppress

from .child import kill, kill_group
from .logfile import LogFile
from .procfs import Process

_CHUNK = 65536
_DRAIN = 32
"""Chunks taken at an end; a daemon that is left may write for ever."""


class Run:
    """The main process, its output on the way to the log, and when its end is to be forced."""

    __slots__ = ("_exec_pipe", "_output", "_selector", "code", "deadline", "log", "number", "pid")

    def __init__(
        self, number: int, pid: int, log: LogFile, output: int, exec_pipe: int, selector: selectors.BaseSelector
    ) -> None:
        self.number = number
        self.pid = pid
        self.log = log
        self.code: int | None = None
        """How the main process ended: exit code, or minus the signal."""
        self.deadline: float | None = None
        """When SIGKILL follows (monotonic); None while it is meant to run."""
        self._selector = selector
        self._output = output
        self._exec_pipe = exec_pipe
        os.set_blocking(output, False)
        selector.register(output, selectors.EVENT_READ, self.take)

    def take(self) -> bool:
        """Store one chunk of output; False when there is none now."""
        if self._output < 0:
            return False
        try:
            output = os.read(self._output, _CHUNK)
        except BlockingIOError:
            return False
        if output:
            self.log.keep(output)
        else:
            self._output = self._drop(self._output)
        return bool(output)

    def drain(self) -> None:
        """Store what has been written up to now."""
        for _ in range(_DRAIN):
            if not self.take():
                return

    def started(self) -> bytes | None:
        """What the child said on its way to the program: nothing at all is good. None when that is known already."""
        if self._exec_pipe < 0:
            return None
        said = os.read(self._exec_pipe, 100)
        self._exec_pipe = self._drop(self._exec_pipe)
        return said

    def note(self, text: str) -> None:
        """Write a line into the log, if it can be written: the same words go to Torpor."""
        with suppress(OSError):
            self.log.note(text)

    def end(self, grace: float) -> None:
        """SIGTERM now, SIGKILL at the latest after `grace` seconds."""
        if self.deadline is None:
            kill_group(self.pid, signal.SIGTERM)
        self.deadline = min(self.deadline or float("inf"), time.monotonic() + grace)

    def force(self, family: list[Process]) -> None:
        """SIGKILL for all of it."""
        if self.code is None:
            kill_group(self.pid, signal.SIGKILL)
        for process in family:
            kill(process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Store the last of the output and give back what is open."""
        self.drain()
        if self._output >= 0:
            self._output = self._drop(self._output)
        if self._exec_pipe >= 0:
            self._exec_pipe = self._drop(self._exec_pipe)
        self.log.close()

    def _drop(self, pipe: int) -> int:
        self._selector.unregister(pipe)
        os.close(pipe)
        return -1
