"""Visitors who come again and again, each on a thread of its own, and write down what went wrong.

Nobody repeats a visit.
"""

import abc
import http.client
import threading
import time
from typing import Any, Protocol, Self

from tests.cluster.rig.network import Network
from tests.cluster.torpor.asking import ANSWER, Got, connected, visitor

PAUSE = 0.05
"""Seconds between two visits: the machine has other things to do."""
PATIENCE = 180.0


class Visited(Protocol):
    """Where visitors come in."""

    def visit(self, host: str, path: str = "/", *, by: int = 0, within: float = ANSWER) -> Got:
        """A visit on a connection of its own."""


class _Loop(abc.ABC):
    """`with … as loop: …`; `failures` is whole when the block has ended."""

    def __init__(self, host: str, path: str, times: int | None, pause: float) -> None:
        self.count = 0
        self.failures: list[str] = []
        self.longest = 0.0
        """Seconds that a visit took."""
        self._host = host
        self._path = path
        self._times = times
        self._pause = pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"visits {host}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *how: Any) -> None:
        self._over.set()
        self._thread.join()

    @property
    def done(self) -> bool:
        """Whether all its visits have ended."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._over.is_set() and (self._times is None or self.count + len(self.failures) < self._times):
            began = time.monotonic()
            try:
                status, body = self._visit()
            except (OSError, http.client.HTTPException) as error:
                self._failed(began, repr(error))
            else:
                if status == 200:
                    self.count += 1
                else:
                    self._failed(began, f"{status} {body[:300]!r}")
            self.longest = max(self.longest, time.monotonic() - began)
            self._over.wait(self._pause)

    @abc.abstractmethod
    def _visit(self) -> tuple[int, bytes]:
        """One visit: its status and body. Raises OSError, HTTPException."""

    def _failed(self, began: float, what: str) -> None:
        self.failures.append(f"after {time.monotonic() - began:.2f} s: {what}")


class Looping(_Loop):
    """Each visit on a connection of its own."""

    def __init__(
        self,
        visited: Visited,
        host: str,
        path: str = "/",
        *,
        times: int | None = None,
        by: int = 0,
        pause: float = PAUSE,
    ) -> None:
        super().__init__(host, path, times, pause)
        self._visited = visited
        self._by = by

    def _visit(self) -> tuple[int, bytes]:
        status, _, body = self._visited.visit(self._host, self._path, by=self._by, within=PATIENCE)
        return status, body


class Keeping(_Loop):
    """All on one connection, to `first`, until an answer tells to leave; then on one to `then`, and so on.

    It does not look whether the connection is still there: one that is closed without a word is a lost visit.
    """

    def __init__(
        self, network: Network, first: tuple[str, int], then: tuple[str, int], host: str, *, pause: float = PAUSE
    ) -> None:
        super().__init__(host, "/", None, pause)
        self.left = 0
        """So many times it was told to leave."""
        self._network = network
        self._next = first
        self._then = then
        self._connection: http.client.HTTPConnection | None = None

    def __exit__(self, *how: Any) -> None:
        super().__exit__(*how)
        if self._connection is not None:
            self._connection.close()

    def _visit(self) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = connected(self._network, self._next, PATIENCE)
            self._next = self._then
        whole = False
        try:
            self._connection.request("GET", self._path, headers=visitor(self._host))
            answer = self._connection.getresponse()
            body = answer.read()
            whole = not answer.will_close
            self.left += answer.will_close
        finally:
            if not whole:
                self._connection.close()
                self._connection = None
        return answer.status, body
