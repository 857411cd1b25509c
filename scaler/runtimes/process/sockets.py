"""Every listening TCP socket of this machine, and whose sockets are whose.

The kernel is asked over sock_diag(7), as `ss` does: reading /proc/net/tcp takes it several milliseconds beside a proxy
with thousands of connections, for it walks them all. Where sock_diag is not to be had, /proc has to do.
"""

import os
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torpor.words import Address

_FAMILIES = ((socket.AF_INET, 4, "tcp"), (socket.AF_INET6, 16, "tcp6"))
_PATIENCE = 1.0

# From linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h and net/tcp_states.h.
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST_DUMP = 0x301
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_TCP_LISTEN = 10
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBxI48x")
_ANSWER = struct.Struct("=4x2s2x16s16x12x12xII")


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening TCP socket."""

    address: Address
    user: int
    inode: int

    def answers(self, host: str) -> bool:
        """Whether a connection to `host`, which is 127.0.0.1 or ::1, can end here."""
        mine = self.address.host
        return mine in (host, "::") or (host == "127.0.0.1" and mine in ("0.0.0.0", "::ffff:127.0.0.1"))


def listeners() -> list[Listener]:
    """All of them, as far as can be told."""
    try:
        return list(by_sock_diag())
    except OSError:
        return list(by_proc())


def by_sock_diag() -> Iterator[Listener]:
    """Raises OSError where the kernel does not offer it."""
    for family, size, _ in _FAMILIES:
        request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 1 << _TCP_LISTEN)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
            kernel.settimeout(_PATIENCE)
            length = _HEADER.size + len(request)
            kernel.send(_HEADER.pack(length, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST_DUMP, 1, 0) + request)
            for kind, body in _messages(kernel):
                if kind == _NLMSG_ERROR:
                    number = -struct.unpack_from("=i", body)[0]
                    raise OSError(number, os.strerror(number))
                port, host, user, inode = _ANSWER.unpack_from(body)
                address = Address(socket.inet_ntop(family, host[:size]), int.from_bytes(port))
                yield Listener(address, user, inode)


def _messages(kernel: socket.socket) -> Iterator[tuple[int, memoryview]]:
    while True:
        data = memoryview(kernel.recv(65536))
        while data:
            length, kind, *_ = _HEADER.unpack_from(data)
            if kind == _NLMSG_DONE:
                return
            yield kind, data[_HEADER.size : length]
            data = data[(length + 3) & ~3 :]


def by_proc() -> Iterator[Listener]:
    """By /proc/net/tcp and tcp6, see proc_net(5)."""
    for family, size, name in _FAMILIES:
        path = Path("/proc/net", name)
        if not path.exists():
            continue  # no IPv6 here
        with path.open(encoding="ascii") as table:
            next(table, None)
            for line in table:
                fields = line.split()
                if int(fields[3], 16) != _TCP_LISTEN:
                    break  # the kernel lists these first
                host, _, port = fields[1].partition(":")
                # Words of four bytes, each in the machine's own order.
                words = [int(host[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, size * 2, 8)]
                address = Address(socket.inet_ntop(family, b"".join(words)), int(port, 16))
                yield Listener(address, user=int(fields[7]), inode=int(fields[9]))


def inodes(pid: int) -> set[int] | None:
    """The inodes of a process's sockets; None when they may not be seen. A process that is gone has none."""
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
