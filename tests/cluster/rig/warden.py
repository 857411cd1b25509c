"""The first process of a cluster's namespaces: runs the components, and goes when nobody needs them any more.

    python -m tests.cluster.rig.warden NAME      returns when the warden listens

Whoever has said something on its socket needs the cluster for as long as the connection is open. When the last one is
gone, however it went, the warden ends a few seconds later, and with it, by the kernel's hand, every process of the
cluster. So nothing outlives a test run that was killed. A request is a line of JSON, as is its answer:

    {"do": "start", "name": …, "command": […], "environment": {…}, "log": …}
    {"do": "signal", "name": …, "signal": 9}
    {"do": "need"}                      nothing else
    {"do": "state"}                     the process id of each part; null for those that have ended
    {"do": "keep"}                      stay without anybody, until told to end
    {"do": "end"}
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from typing import Any

from tests.cluster.rig import namespaces
from tests.cluster.rig.claims import claimed, clear
from tests.cluster.rig.place import Place

LINGER = 5.0
"""Seconds that it stays without anybody."""
LONGEST = 1 << 20
"""Bytes of a request."""


class Warden:
    """Parts by name, and how many need them."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._parts: dict[str, int | None] = {}
        self._needed_by = 0
        self._kept = False
        self._over = asyncio.Event()
        self._leaving: asyncio.TimerHandle | None = None

    async def run(self, ready: int) -> None:
        """Until nobody needs it; `ready` is a file descriptor that is closed when it listens."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._bury)
        server = await asyncio.start_unix_server(self._serve, self._place.socket, limit=LONGEST)
        self._count(0)
        os.write(ready, b"ready")
        os.close(ready)
        await self._over.wait()
        server.close()

    def _count(self, more: int) -> None:
        self._needed_by += more
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        if not self._needed_by and not self._kept:
            self._leaving = asyncio.get_running_loop().call_later(LINGER, self._over.set)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        needs = False
        try:
            with contextlib.suppress(ConnectionError):
                while line := await reader.readline():
                    if not needs:
                        needs = True
                        self._count(1)
                    try:
                        answer = self._do(json.loads(line))
                    except (OSError, LookupError, ValueError) as wrong:
                        answer = {"error": f"{type(wrong).__name__}: {wrong}"}
                    writer.write(json.dumps(answer).encode() + b"\n")
                    await writer.drain()
        finally:
            if needs:
                self._count(-1)
            writer.close()

    def _do(self, told: dict[str, Any]) -> dict[str, Any]:
        match told["do"]:
            case "start":
                self._start(told["name"], told["command"], told["environment"], told["log"])
            case "signal":
                self._signal(told["name"], told["signal"])
            case "keep":
                self._kept = True
            case "end":
                self._over.set()
        return {"parts": self._parts}

    def _start(self, name: str, command: list[str], environment: dict[str, str], log: str) -> None:
        if self._parts.get(name) is not None:
            raise ValueError(f"{name} runs")
        program = shutil.which(command[0], path=environment["PATH"])
        if program is None:
            raise LookupError(f"no program {command[0]}")
        appending = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        streams = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, appending, 0o644),
        ]
        self._parts[name] = os.posix_spawn(
            program, command, environment, file_actions=[*streams, (os.POSIX_SPAWN_DUP2, 1, 2)], setsid=True
        )

    def _signal(self, name: str, number: int) -> None:
        pid = self._parts[name]
        if pid is None:
            raise ValueError(f"{name} does not run")
        os.kill(pid, number)

    def _bury(self) -> None:
        """Parts, and whatever they left behind: the first process inherits all orphans."""
        with contextlib.suppress(ChildProcessError):
            while (dead := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                for name, pid in self._parts.items():
                    if pid == dead[0]:
                        self._parts[name] = None


def main(name: str) -> int:
    """Leave a keeper and its warden behind and return when it is ready."""
    place = Place(name)
    hearing, telling = os.pipe()
    if os.fork() == 0:
        os.close(hearing)
        _keep(place, telling)
    os.close(telling)
    with os.fdopen(hearing, "rb") as said:
        if said.read() == b"ready":
            return 0
    sys.stderr.write((place.logs / "warden.log").read_text())
    return 1


def _keep(place: Place, telling: int) -> None:
    """The keeper stays outside of the process ids, to clear away when all is over, if nobody else has by then."""
    os.setsid()
    log = os.open(place.logs / "warden.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    empty = os.open(os.devnull, os.O_RDONLY)
    for descriptor, stream in ((empty, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, stream)
    outside = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    own = place.directory.stat().st_ino
    namespaces.make_cgroup(place.cgroup)
    namespaces.leave()
    inside = os.fork()
    if inside == 0:
        namespaces.furnish(place)
        asyncio.run(Warden(place).run(telling))
        sys.exit(0)
    os.close(telling)
    os.waitpid(inside, 0)
    os.setns(outside, os.CLONE_NEWNS)  # where the cluster's mounts are not; it can start no process any more
    with claimed(place):
        if place.directory.exists() and place.directory.stat().st_ino == own:
            clear(place)
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
