"""The keeper's one loop: starts, reaps and ends processes by what its link says and what has ended by itself."""

import json
import os
import resource
import selectors
import shlex
import signal
import socket
import time
from collections import deque
from functools import partial
from itertools import chain
from typing import Any

from . import procfs
from .child import HANDLED, kill, launch
from .exits import ending
from .logfile import LogFile
from .prctl import adopt_orphans
from .run import Run

_POLL = 0.05
"""Seconds between looks at what is ending."""
_LEFTOVER_GRACE = 2.0
"""Seconds for what an app leaves behind when its main process ends by itself."""
_CLOSING_GRACE = 2.5
"""Seconds for everything, when Torpor has gone without a word."""
_GIVE_UP = 5.0
"""Seconds after SIGKILL until a process counts as one that cannot be ended (it hangs in the kernel)."""


def main(control: int, nonce: str) -> None:
    """Serve the socket `control` until it ends; `nonce` is this keeper's own part of procfs.MARK."""
    with socket.socket(fileno=control) as link:
        link.set_inheritable(False)
        link.setblocking(False)
        adopt_orphans()
        Loop(link, nonce).serve()


class Loop:
    """All state of the keeper. It waits for nothing but files: logs, directories, programs."""

    def __init__(self, link: socket.socket, nonce: str) -> None:
        self._link = link
        self._nonce = nonce
        self._heard = bytearray()
        self._orders: deque[dict[str, Any]] = deque()
        self._unsent = bytearray()
        self._runs: dict[int, Run] = {}
        self._closing: float | None = None
        """When SIGKILL follows for everything; None while Torpor lives."""
        self._child_died = False
        self._look_at = 0.0
        self._files = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()

    def serve(self) -> None:
        """Work until the link has ended and nothing that descends from the keeper is left."""
        # Two descriptors an app: the soft limit of 1,024 must not be what ends it. Apps get the one that was.
        resource.setrlimit(resource.RLIMIT_NOFILE, (self._files[1], self._files[1]))
        self._listen_to_signals()
        self._selector.register(self._link, selectors.EVENT_READ, self._on_link)
        finished = False
        while not finished:
            wait = 0 if self._orders else _POLL if self._ending() else None
            for key, _ in self._selector.select(wait):
                key.data()
            # One a turn: fifty starts at once must not keep the first of them, or an exit, from being reported.
            if self._orders:
                self._obey(self._orders.popleft())
            finished = self._look()

    def _listen_to_signals(self) -> None:
        # Handlers instead of SIG_IGN: an exec passes ignored signals on. The keeper takes orders over its link only.
        for number in HANDLED:
            signal.signal(number, lambda *_: None)
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._woken, selectors.EVENT_READ, self._on_signal)

    def _on_signal(self) -> None:
        self._woken.recv(65536)
        self._child_died = True

    # The link

    def _on_link(self) -> None:
        if self._unsent:
            self._flush()
        try:
            heard = self._link.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if not heard:
            self._close()
            return
        self._heard += heard
        *lines, self._heard = self._heard.split(b"\n")
        self._orders.extend(json.loads(line) for line in lines)

    def _obey(self, order: dict[str, Any]) -> None:
        if order.pop("do") == "spawn":
            self._spawn(order.pop("id"), **order)
        elif (run := self._runs.get(order["id"])) is not None:
            run.end(order["grace"])

    def _tell(self, number: int, **what: object) -> None:
        if self._closing is None:
            self._unsent += json.dumps({"id": number, **what}).encode() + b"\n"
            self._flush()

    def _flush(self) -> None:
        try:
            sent = self._link.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # its end is read next
        del self._unsent[:sent]
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        self._selector.modify(self._link, events, self._on_link)

    def _close(self) -> None:
        self._selector.unregister(self._link)
        self._orders.clear()
        self._closing = time.monotonic() + _CLOSING_GRACE
        for run in self._runs.values():
            run.end(_CLOSING_GRACE)
        for number, family in self._kin().items():
            for process in family if number not in self._runs else ():
                kill(process.pid, signal.SIGTERM)

    # Starting

    def _spawn(
        self, number: int, *, command: list[str], directory: str, env: dict[str, str], log: str, log_bytes: int
    ) -> None:
        stage, logfile = "log", None
        try:
            logfile = LogFile(log, log_bytes)
            logfile.note(f"started: {shlex.join(command)}")
            stage = "process"
            output, end = os.pipe()
            try:
                environment = {**os.environ, **env, procfs.MARK: f"{self._nonce}.{number}"}
                pid, exec_pipe = launch(command, directory, environment, end, self._files)
            except OSError:
                os.close(output)
                raise
            finally:
                os.close(end)
        except OSError as error:
            if logfile is not None:
                logfile.close()
            self._tell(number, stage=stage, errno=error.errno)
            return
        run = self._runs[number] = Run(number, pid, logfile, output, exec_pipe, self._selector)
        self._selector.register(exec_pipe, selectors.EVENT_READ, partial(self._on_exec, run))

    def _on_exec(self, run: Run) -> None:
        said = run.started()
        if said is None:
            return
        if not said:
            self._tell(run.number, pid=run.pid)
            return
        stage, number = said.decode().split()
        run.note(f"not started: {os.strerror(int(number))}")
        self._forget(run)
        self._tell(run.number, stage=stage, errno=int(number))

    # Ending

    def _ending(self) -> bool:
        return self._closing is not None or any(run.deadline is not None for run in self._runs.values())

    def _look(self) -> bool:
        """Notice what has ended and press on with what is ending. True when the keeper may end too."""
        ended: list[Run] = []
        if self._child_died:
            self._child_died = False
            ended = self._reap()
        now = time.monotonic()
        if not ended and (not self._ending() or now < self._look_at):
            return False
        self._look_at = now + _POLL / 2
        kin = self._kin()
        for run in ended:
            self._on_exit(run, kin.get(run.number, []))
        for run in list(self._runs.values()):
            if run.deadline is not None:
                self._press(run, run.deadline, kin.get(run.number, []), now)
        return self._closing is not None and self._finish(self._closing, kin, now)

    def _reap(self) -> list[Run]:
        """The runs whose main process has ended since; orphans are reaped on the way."""
        by_pid = {run.pid: run for run in self._runs.values()}
        ended: list[Run] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return ended
            if pid == 0:
                return ended
            if (run := by_pid.get(pid)) is not None:
                run.code = os.waitstatus_to_exitcode(status)
                self._on_exec(run)
                if run.number in self._runs:
                    ended.append(run)

    def _on_exit(self, run: Run, left: list[procfs.Process]) -> None:
        run.drain()
        code = run.code or 0
        run.note(ending(code))
        self._tell(run.number, exited=code, left=[str(process) for process in left[:5]])
        # Those outside its group have not heard of the end yet.
        for process in left:
            kill(process.pid, signal.SIGTERM)
        if run.deadline is None:
            run.deadline = time.monotonic() + _LEFTOVER_GRACE

    def _press(self, run: Run, deadline: float, family: list[procfs.Process], now: float) -> None:
        if (run.code is not None and not family) or now >= deadline + _GIVE_UP:
            self._forget(run)
            self._tell(run.number, gone=[str(process) for process in family[:5]])
        elif now >= deadline:
            run.force(family)

    def _forget(self, run: Run) -> None:
        run.close()
        del self._runs[run.number]

    def _finish(self, deadline: float, kin: dict[int, list[procfs.Process]], now: float) -> bool:
        if now >= deadline:
            for process in chain.from_iterable(kin.values()):
                kill(process.pid, signal.SIGKILL)
        return (not kin and not self._runs) or now >= deadline + _GIVE_UP

    def _kin(self) -> dict[int, list[procfs.Process]]:
        mains = {run.pid: run.number for run in self._runs.values()}
        return procfs.kin(procfs.table(), os.getpid(), mains, self._nonce)
