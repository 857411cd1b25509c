"""Who listens on a port, as far as can be told: an app must not be taken for ready because a stranger answers."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from scaler.runtimes.process.keeper import procfs
from scaler.runtimes.process.sockets import inodes, listeners
from torpor.words import Address

_ROOT = 0


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


def has(pid: int, address: Address) -> bool:
    """This very process is certain to listen there: the usual case, told in a fraction of a millisecond."""
    held = inodes(pid) or ()
    return any(
        one.inode in held and one.address.port == address.port and one.answers(address.host) for one in listeners()
    )


def judge(address: Address, census: Census) -> Verdict | str:
    """Whose listener answers at an address; for a stranger's, the name of who it is.

    The app's own: one of its processes has the socket. Where it is another's, it may still be the app's doing (`docker
    run` has a daemon listen for it): so a stranger is who was there before the app, another app, or another user
    other than root. When the app has a process whose sockets may not be seen (sudo), it is given the benefit.
    """
    found = {one.inode: one for one in listeners() if one.address.port == address.port and one.answers(address.host)}
    if not found:
        return Verdict.NOBODY
    unseen = False
    for pid in census.family:
        held = inodes(pid)
        if held is None:
            unseen = True
        elif held & found.keys():
            return Verdict.OURS
    holder = _holder(found.keys())
    if holder is None:
        users = {one.user for one in found.values()}
        strange = not unseen and users.isdisjoint({_ROOT, os.getuid()})
        return f"a process of user {min(users)}" if strange else Verdict.OURS
    if holder.pid in census.neighbours:
        return f"the app {census.neighbours[holder.pid]}: {holder}"
    if census.main is not None and holder.started < census.main.started:
        return str(holder)
    return Verdict.OURS


def who_has(port: int, census: Census) -> str:
    """The name of who listens on a port, or what little can be said."""
    found = {one.inode: one for one in listeners() if one.address.port == port}
    holder = _holder(found.keys())
    if holder is None:
        return f"a process of user {min(one.user for one in found.values())}" if found else "another process"
    neighbour = census.neighbours.get(holder.pid)
    return str(holder) if neighbour is None else f"the app {neighbour}: {holder}"


def endpoints(census: Census) -> list[Address]:
    """Where the app's processes listen."""
    held: set[int] = set().union(*(inodes(pid) or () for pid in census.family))
    return sorted({one.address for one in listeners() if one.inode in held})


def _holder(wanted: Collection[int]) -> procfs.Process | None:
    for pid in sorted(procfs.pids()) if wanted else ():
        if not (inodes(pid) or set()).isdisjoint(wanted):
            return procfs.look(pid)
    return None
