"""Readers of an app's output over the API: each a thread that counts what it gets."""

import http.client
import json
import threading
import time
from types import TracebackType
from typing import Any, Self

from tests.blackbox.asking import DEADLINE


class Follower:
    """Reads while the block runs. `numbers` are those of the lines of tests/blackbox/apps/writer.py, by process."""

    def __init__(self, api: tuple[str, int], app: str, *, lines: int = 0) -> None:
        self._api, self._path = api, f"/v1/apps/{app}/logs?follow=1&lines={lines}"
        self.numbers: dict[int, list[int]] = {}
        self.latencies: list[float] = []
        """Seconds from a line's writing until it is here, of some lines."""
        self.lost = 0
        self.begun = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._read, daemon=True)

    @property
    def count(self) -> int:
        """Lines so far."""
        return sum(map(len, self.numbers.values()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.begun.wait(DEADLINE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self._thread.join(DEADLINE)

    def _read(self) -> None:
        connection = http.client.HTTPConnection(*self._api, timeout=DEADLINE)
        try:
            connection.request("GET", self._path, headers={"Accept": "application/x-ndjson"})
            response = connection.getresponse()
            rest = b""
            while not self._over and (piece := response.read1(1 << 16)):
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))
                self.begun.set()
        finally:
            connection.close()

    def _take(self, said: dict[str, Any]) -> None:
        self.lost += said.get("lost", 0)
        words = said.get("line", "---").split()
        if len(words) == 4 and words[0].isdecimal():
            numbers = self.numbers.setdefault(int(words[0]), [])
            numbers.append(int(words[1]))
            if len(numbers) % 100 == 0:
                self.latencies.append(time.time() - float(words[2]))
