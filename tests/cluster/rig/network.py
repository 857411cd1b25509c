"""A cluster's network, from outside: sockets in it, commands in it, and whole blocks of a test in it."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Network:
    """The network of the process `pid`; None is the machine's own, for clusters that are reached so."""

    pid: int | None

    @property
    def prefix(self) -> tuple[str, ...]:
        """What runs a command in it: with its addresses, and with this machine's files."""
        return () if self.pid is None else ("nsenter", f"--net={self._file}", "--")

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """This thread, and those that it starts meanwhile, open their sockets in it; Unix sockets are not affected.

        In a test with asyncio that is all of the test: the loop runs in the thread that enters. What is open stays
        where it was opened, so that nothing breaks at the borders of the block.
        """
        if self.pid is None:
            yield
            return
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            self._enter()
            yield
        finally:
            os.setns(before, os.CLONE_NEWNET)
            os.close(before)

    def make_socket(
        self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM, protocol: int = 0
    ) -> socket.socket:
        """A socket in it, which any thread may use and connect: where it was made is where it belongs.

        For aiohttp: `TCPConnector(socket_factory=lambda info: network.make_socket(*info[:3]))`.
        """
        made: list[socket.socket] = []

        def make() -> None:
            self._enter()
            made.append(socket.socket(family, kind, protocol))

        thread = threading.Thread(target=make)  # its place in the network ends with it
        thread.start()
        thread.join()
        return made[0]

    def connect(self, address: tuple[str, int], timeout: float) -> socket.socket:
        """A connection to somebody in it, by number."""
        made = self.make_socket()
        try:
            made.settimeout(timeout)
            made.connect(address)
        except BaseException:
            made.close()
            raise
        return made

    def _enter(self) -> None:
        if self.pid is not None:
            descriptor = os.open(self._file, os.O_RDONLY)
            try:
                os.setns(descriptor, os.CLONE_NEWNET)
            finally:
                os.close(descriptor)

    @property
    def _file(self) -> Path:
        return Path(f"/proc/{self.pid}/ns/net")
