"""A visitor who comes again and again, on a thread of its own, and writes down what went wrong."""

import http.client
import threading
import time
from types import TracebackType
from typing import Self

from tests.cluster.torpor.running import Running

PAUSE = 0.05
"""Seconds between two visits: the machine has other things to do."""
PATIENCE = 180.0


class Looping:
    """`with Looping(running, host) as loop: …`; `failures` is whole when the block has ended."""

    def __init__(
        self,
        running: Running,
        host: str,
        path: str = "/",
        *,
        times: int | None = None,
        by: int = 0,
        pause: float = PAUSE,
    ) -> None:
        self.count = 0
        self.failures: list[str] = []
        self.longest = 0.0
        """Seconds that a visit took."""
        self._running = running
        self._host = host
        self._path = path
        self._times = times
        self._by = by
        self._pause = pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"visits {host}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set() and (self._times is None or self.count + len(self.failures) < self._times):
            began = time.monotonic()
            try:
                status, _, body = self._running.visit(self._host, self._path, by=self._by, within=PATIENCE)
            except (OSError, http.client.HTTPException) as error:
                self._failed(began, repr(error))
            else:
                if status == 200:
                    self.count += 1
                else:
                    self._failed(began, f"{status} {body[:300]!r}")
            self.longest = max(self.longest, time.monotonic() - began)
            self._over.wait(self._pause)

    def _failed(self, began: float, what: str) -> None:
        self.failures.append(f"after {time.monotonic() - began:.2f} s: {what}")
