"""A crowd: so many visits at once, each on a connection of its own, from one loop on epoll with a ready-made request.

It stands in a process of its own, so that a storm finds the bench's own loop free: `python -m bench.loads.crowd ADDRESS
PORT HOST COUNT` connects them all, prints a line when all have asked, and another, JSON, when all have their answers.
"""

import contextlib
import json
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

from bench.processes import module
from bench.visits import Address
from torpor.cli.limits import raise_fd_limit

_TIMEOUT = 150.0
"""Seconds until those who have no answer are given up."""
_BATCH = 200
"""Connections begun before the loop looks at those that stand: less than any backlog."""
_REQUEST = "GET /moment HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"


_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Seen(NamedTuple):
    """What the visitors saw; readings of the monotonic clock, which all processes share on Linux."""

    statuses: dict[str, int]
    """How often each; "none" for those without an answer."""
    first_bytes: list[float]
    last: float
    """When the last answer was complete."""
    body: str
    """Of one of the answers of 200."""
    other: str
    """One of the answers that was none of 200."""


class Crowd:
    """A crowd's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def asked(self) -> None:
        """Wait until all have connected and asked."""
        self._line()

    def seen(self) -> Seen:
        """Wait for all answers."""
        return Seen(**json.loads(self._line()))

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the crowd has ended: exit code {self._process.wait()}")
        return line


@contextlib.contextmanager
def crowd(address: Address, host: str, count: int) -> Iterator[Crowd]:
    """A crowd that begins to ask at once."""
    with module("bench.loads.crowd", address[0], str(address[1]), host, str(count)) as process:
        yield Crowd(process)


class _Visitors:
    def __init__(self, address: Address, request: bytes, count: int) -> None:
        self._address = address
        self._request = request
        self._count = count
        self._poll = select.epoll()
        self._open: dict[int, socket.socket] = {}
        self._read: dict[int, bytes] = {}
        self.asked = 0
        self.statuses: dict[str, int] = {}
        self.first_bytes: list[float] = []
        self.last = 0.0
        self.body = b""
        self.other = b""

    def come(self) -> None:
        """Connect all, and ask."""
        begun = 0
        while self.asked < self._count:
            while begun < self._count and begun - self.asked < _BATCH:
                client = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                client.connect_ex(self._address)
                self._open[client.fileno()] = client
                self._poll.register(client.fileno(), select.EPOLLOUT)
                begun += 1
            self._turn(_TIMEOUT)

    def wait(self) -> None:
        """Until all have been answered or have waited too long."""
        until = time.monotonic() + _TIMEOUT
        while self._open and (left := until - time.monotonic()) > 0:
            self._turn(left)
        if self._open:
            self.statuses["none"] = self.statuses.get("none", 0) + len(self._open)

    def _turn(self, timeout: float) -> None:
        for number, events in self._poll.poll(timeout, 1024):
            client = self._open[number]
            try:
                if events & select.EPOLLOUT:
                    client.send(self._request)
                    self._poll.modify(number, select.EPOLLIN)
                    self.asked += 1
                    continue
                data = client.recv(65536)
            except OSError:
                data = b""
                self.asked += number not in self._read and bool(events & select.EPOLLOUT)
            if data:
                if number not in self._read:
                    self.first_bytes.append(time.monotonic())
                self._read[number] = data = self._read.get(number, b"") + data
            if not data or _whole(data):
                self._leave(number)

    def _leave(self, number: int) -> None:
        self._open.pop(number).close()
        answer = self._read.pop(number, b"")
        head, _, body = answer.partition(b"\r\n\r\n")
        status = head[9:12].decode() or "none"
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == "200":
            self.body = body
        else:
            self.other = answer
        self.last = time.monotonic()


def _whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(end) and length is not None and len(body) >= int(length[1])


def _main(address: Address, host: str, count: int) -> None:
    raise_fd_limit()
    visitors = _Visitors(address, _REQUEST.format(host=host).encode(), count)
    visitors.come()
    print(flush=True)
    visitors.wait()
    seen = Seen(visitors.statuses, visitors.first_bytes, visitors.last, visitors.body.decode(), visitors.other.decode())
    print(json.dumps(seen._asdict()), flush=True)


if __name__ == "__main__":
    _, at, port, name, many = sys.argv
    _main((at, int(port)), name, int(many))
