"""What HAProxy leaves behind: its processes are known by the directory in which they run, whoever started them."""

import contextlib
import logging
import os
import signal
import time
from pathlib import Path

from proxy.haproxy.state import StateDirectory

logger = logging.getLogger(__name__)

RELEASE = 1.0
"""Seconds that a killed proxy process may take to be gone."""


def processes_in(directory: Path) -> list[int]:
    """All processes that run in this directory: those of one life of HAProxy."""
    real = directory.resolve()
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [pid for pid in pids if runs_in(pid, real)]


def kill_all(directory: Path) -> None:
    """Kill all processes that run in this directory."""
    for pid in processes_in(directory):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_left(path: Path) -> None:
    """Kill what a proxy process left running in this state directory when it was killed itself, and clear it away.

    Nothing is done when another proxy process uses it.
    """
    until = time.monotonic() + RELEASE
    while path.is_dir() and time.monotonic() < until:
        try:
            with StateDirectory(path) as state:
                for directory in state.generations():
                    kill_all(directory.path)
                state.clear()
                return
        except OSError as error:  # one that was killed may hold it for a moment
            logger.debug("%s", error)
            time.sleep(0.02)


def runs_in(pid: int, directory: Path) -> bool:
    """Whether this process does; a real path, without links in it."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == directory
    except OSError:  # it has ended, or it is not ours
        return False


def leads(pid: int) -> bool:
    """Whether it is the first of its group, as HAProxy's master is."""
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False
