"""Who descends from whom, by /proc: which processes belong to which app, also those that made themselves daemons."""

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

MARK = "TORPOR_RUN"
"""Set in an app's environment: it tells whose a daemon is once its parents are gone."""

STRAY = -1
"""The run of processes that descend from the keeper, but from no app that is known."""
_OUTSIDE = -2


class Process(NamedTuple):
    """One line of /proc/PID/stat, see proc_pid_stat(5). `started` is in clock ticks since boot."""

    pid: int
    name: str
    state: str
    parent: int
    session: int
    started: int

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"


def table() -> dict[int, Process]:
    """Every process that lives now; zombies, which hold nothing any more, are left out."""
    found: dict[int, Process] = {}
    for pid in pids():
        process = look(pid)
        if process is not None:
            found[pid] = process
    return found


def pids() -> Iterator[int]:
    """The number of every process, zombies included."""
    return (int(entry) for entry in os.listdir("/proc") if entry.isdecimal())  # noqa: PTH208 - pathlib is slow to load


def look(pid: int) -> Process | None:
    """One process; None when it is gone or a zombie."""
    stat = _read(f"/proc/{pid}/stat")
    opening, closing = stat.find(b"("), stat.rfind(b")")
    fields = stat[closing + 1 :].split()
    if len(fields) < 20 or fields[0] in (b"Z", b"X"):
        return None
    return Process(
        pid=pid,
        name=stat[opening + 1 : closing].decode(errors="replace"),
        state=fields[0].decode(),
        parent=int(fields[1]),
        session=int(fields[3]),
        started=int(fields[19]),
    )


def kin(
    everything: Mapping[int, Process], keeper: int, mains: Mapping[int, int], nonce: str
) -> dict[int, list[Process]]:
    """The processes of each run, and the strays. `mains` gives the run (1, 2, …) of each main process.

    A process belongs to a run by its session, which is the main process's own; else by its parents; else, when it has
    left both behind, by the mark in its environment.
    """
    runs: dict[int, int] = {}
    found: dict[int, list[Process]] = {}
    for process in everything.values():
        at, climbed = process, [process.pid]
        while (run := runs.get(at.pid) or mains.get(at.session) or mains.get(at.pid)) is None:
            if at.parent == keeper:
                run = marked(at.pid, nonce)
                break
            # The table is no snapshot: a number used again meanwhile could close a circle.
            if at.parent not in everything or at.parent in climbed:
                run = _OUTSIDE
                break
            at = everything[at.parent]
            climbed.append(at.pid)
        runs.update(dict.fromkeys(climbed, run))
        if run != _OUTSIDE:
            found.setdefault(run, []).append(process)
    return found


def marked(pid: int, nonce: str) -> int:
    """The run whose mark a process carries, by the environment it was started with; STRAY when it has none."""
    start = f"{MARK}={nonce}.".encode()
    for entry in _read(f"/proc/{pid}/environ").split(b"\0"):
        if entry.startswith(start) and entry[len(start) :].isdigit():
            return int(entry[len(start) :])
    return STRAY


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib is slow to load
            return file.readall()
    except OSError:
        return b""
