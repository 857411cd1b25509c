"""Processes as the kernel tells of them (Linux): memory, CPU time, children; and helpers that say where they listen."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PROC = Path("/proc")
_END = 10.0
"""Seconds for a process to end after SIGTERM."""


def memory(pid: int) -> int:
    """Bytes resident now. Counted page by page, unlike VmRSS, which the kernel keeps only roughly."""
    for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise LookupError("Rss")


def cpu_seconds(pid: int) -> float:
    """CPU time in user and system mode since it was started, all threads, to the microsecond: /proc has it to 10 ms.

    The number of a process's clock is made as clock_getcpuclockid(3) makes it. Raises OSError when it is gone.
    """
    return time.clock_gettime((~pid << 3) | 2)


def descriptors(pid: int) -> int:
    """How many file descriptors it has open."""
    return len(os.listdir(_PROC / str(pid) / "fd"))  # noqa: PTH208 - a name is enough


def command_line(pid: int) -> list[str]:
    """The program and its arguments; empty when it is gone."""
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def children(pid: int) -> list[int]:
    """The processes whose parent it is."""
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
    return found


def descendants(pid: int) -> list[int]:
    """Its children, their children, and so on."""
    return [found for child in children(pid) for found in (child, *descendants(child))]


@contextlib.contextmanager
def module(name: str, *arguments: str, prefix: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """Run a module of this package for the length of the block."""
    command = [*prefix, sys.executable, "-m", name, *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        end(process, _END)
        assert process.stdout is not None
        process.stdout.close()


@contextlib.contextmanager
def helper(name: str, *arguments: str, prefix: tuple[str, ...] = ()) -> Iterator[tuple[int, int]]:
    """Run a module that prints its port when it listens; gives (process id, port)."""
    with module(name, *arguments, prefix=prefix) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.strip().isdecimal():
            raise RuntimeError(f"{name} does not listen: exit code {process.wait(_END)}")
        yield process.pid, int(line)


def end(process: subprocess.Popen[str], grace: float) -> None:
    """SIGTERM, and SIGKILL for one that does not end within the grace (seconds)."""
    process.terminate()
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
