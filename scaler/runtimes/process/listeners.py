"""Who listens on a port, as far as /proc tells: an app must not be taken for ready because a stranger answers."""

import os
import socket
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from scaler.runtimes.process.keeper import procfs
from torpor.words import Address

_LISTEN = "0A"
_ROOT = 0


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening TCP socket, see proc_net(5) on /proc/net/tcp."""

    address: Address
    user: int
    inode: int

    @property
    def loopback(self) -> bool:
        """Whether it can be reached at 127.0.0.1 or ::1."""
        return self.address.host in ("0.0.0.0", "::", "127.0.0.1", "::1", "::ffff:127.0.0.1")

    def answers(self, host: str) -> bool:
        """Whether a connection to `host`, which is 127.0.0.1 or ::1, can end here."""
        both = ("::", host)
        return self.address.host in ((*both, "0.0.0.0", "::ffff:127.0.0.1") if host == "127.0.0.1" else both)


@dataclass(frozen=True, slots=True)
class Census:
    """Whose processes are whose at one moment."""

    main: procfs.Process | None
    """The app's first process; None when it is gone."""
    family: Collection[int]
    """The pids of the app."""
    neighbours: Mapping[int, str]
    """The pids of the other apps, with their names."""


class Verdict(Enum):
    """Whose listener it is, where it is not a certain stranger's."""

    NOBODY = "nobody"
    OURS = "ours"


def listeners() -> Iterator[Listener]:
    """Every listening TCP socket."""
    for file, family, size in (("tcp", socket.AF_INET, 4), ("tcp6", socket.AF_INET6, 16)):
        path = Path("/proc/net", file)
        if not path.exists():
            continue  # no IPv6 here
        with path.open(encoding="ascii") as table:
            next(table, None)
            for line in table:
                fields = line.split()
                if fields[3] != _LISTEN:
                    break  # the kernel lists these first, and a proxy has thousands of the others
                host, _, port = fields[1].partition(":")
                # Words of four bytes, each in the machine's own order.
                packed = b"".join(int(host[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, size * 2, 8))
                address = Address(socket.inet_ntop(family, packed), int(port, 16))
                yield Listener(address, user=int(fields[7]), inode=int(fields[9]))


def judge(address: Address, census: Census) -> Verdict | str:
    """Whose listener answers at an address; for a stranger's, the name of who it is.

    The app's own: one of its processes has the socket. Where it is another's, it may still be the app's doing (`docker
    run` has a daemon listen for it): so a stranger is who was there before the app, another app, or another user
    other than root. When the app has a process whose sockets we may not see (sudo), it is given the benefit.
    """
    inodes = {one.inode: one for one in listeners() if one.address.port == address.port and one.answers(address.host)}
    if not inodes:
        return Verdict.NOBODY
    unseen = False
    for pid in census.family:
        sockets = _sockets(pid)
        if sockets is None:
            unseen = True
        elif sockets & inodes.keys():
            return Verdict.OURS
    holder = _holder(inodes.keys())
    if holder is None:
        users = {one.user for one in inodes.values()}
        strange = not unseen and users.isdisjoint({_ROOT, os.getuid()})
        return f"a process of user {min(users)}" if strange else Verdict.OURS
    if (neighbour := census.neighbours.get(holder.pid)) is not None:
        return f"the app {neighbour}: {holder}"
    if census.main is not None and holder.started < census.main.started:
        return str(holder)
    return Verdict.OURS


def who_has(port: int, census: Census) -> str:
    """The name of who listens on a port, or what little can be said."""
    found = [one for one in listeners() if one.address.port == port]
    holder = _holder({one.inode for one in found})
    if holder is not None:
        neighbour = census.neighbours.get(holder.pid)
        return str(holder) if neighbour is None else f"the app {neighbour}: {holder}"
    return f"a process of user {found[0].user}" if found else "another process"


def endpoints(census: Census) -> list[Address]:
    """Where the app's processes listen."""
    inodes: set[int] = set().union(*(_sockets(pid) or () for pid in census.family))
    return sorted({one.address for one in listeners() if one.inode in inodes})


def _holder(inodes: Collection[int]) -> procfs.Process | None:
    if not inodes:
        return None
    wanted = set(inodes)
    for pid in sorted(procfs.pids()):
        if wanted & (_sockets(pid) or set()):
            return procfs.look(pid)
    return None


def _sockets(pid: int) -> set[int] | None:
    """The inodes of a process's sockets; None when we may not see them. A process that is gone has none."""
    found: set[int] = set()
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            names = [entry.path for entry in entries]
    except PermissionError:
        return None
    except OSError:
        return found
    for name in names:
        try:
            target = os.readlink(name)  # noqa: PTH115 - thousands of times
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(int(target[8:-1]))
    return found
