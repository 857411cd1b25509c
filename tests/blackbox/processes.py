"""Processes as the kernel tells of them (Linux)."""

import contextlib
from pathlib import Path

PROC = Path("/proc")


def marked(variable: str) -> list[int]:
    """The living processes that were started with `NAME=value` in their environment."""
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if variable.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def name(pid: int) -> str:
    """Its command line; empty when it is gone."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def lives(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def memory(pid: int) -> int:
    """Bytes resident now."""
    return _status(pid, "VmRSS")


def watch_peak(pid: int) -> None:
    """Forget the highest memory so far (proc(5), clear_refs)."""
    (PROC / str(pid) / "clear_refs").write_text("5")


def peak(pid: int) -> int:
    """The most bytes that were resident since `watch_peak`."""
    return _status(pid, "VmHWM")


def _status(pid: int, field: str) -> int:
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == field:
            return int(value.split()[0]) * 1024
    raise LookupError(field)
