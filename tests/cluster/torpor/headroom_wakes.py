"""How quick wakes are on an empty node and on one full of placeholders, by turns: a busy machine is so for both."""

import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from scaler.runtimes.kubernetes.headroom.placeholders import SELECTOR
from tests.cluster.rig.api import path
from tests.cluster.rig.place import NODE
from tests.cluster.rig.space import SOON, Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.asking import ask
from tests.cluster.torpor.headroom import running
from tests.cluster.torpor.running import Running

MARK = "tests.torpor.dev/placeholders"
"""The label of nodes that take placeholders."""
FULL = 2
_STAGE = re.compile(r'^torpor_wake_stage_seconds_total\{.*stage="(\w+)".*\} (\S+)$', re.MULTILINE)


class Wake(NamedTuple):
    """One visit for an app that slept."""

    seconds: float
    stages: dict[str, float]
    """Where the scaler says they went."""


class Wakes:
    """Those of `web`, where placeholders go to nodes with MARK."""

    def __init__(self, space: Space, torpor: Running) -> None:
        self._space = space
        self._torpor = torpor
        self.empty: list[Wake] = []
        self.full: list[Wake] = []

    def take_turns(self, count: int) -> None:
        """So many of each kind."""
        try:
            for turn in range(2 * count):
                if turn % 4 in (0, 3):  # neither kind is always the second
                    self._mark(None)
                    self.empty.append(self._wake(self._is_empty))
                else:
                    self._mark(self._space.name)
                    self.full.append(self._wake(self._is_full))
        finally:
            self._mark(None)

    def ratio(self) -> float:
        """How much longer those of the full node take: the median's."""
        full, empty = (statistics.median(wake.seconds for wake in wakes) for wakes in (self.full, self.empty))
        return full / empty

    def __str__(self) -> str:
        return f"on an empty node {_told(self.empty)}; on a full one {_told(self.full)}; ratio {self.ratio():.2f}"

    def _mark(self, value: str | None) -> None:
        self._space.cluster.api.patch(path("nodes", name=NODE), {"metadata": {"labels": {MARK: value}}})

    def _is_empty(self) -> bool:
        pods = self._space.all("pods", labelSelector=SELECTOR)
        if any(pod["spec"].get("nodeName") for pod in pods):
            self._space.cluster.api.delete(path("pods", self._space.name), labelSelector=SELECTOR)
            return False
        return len(pods) == FULL

    def _is_full(self) -> bool:
        return len(running(self._space)) == FULL

    def _wake(self, as_wanted: Callable[[], bool]) -> Wake:
        if self._torpor.app("web")["phase"] != "asleep":
            self._torpor.sleep("web")
        until(lambda: self._space.gone("web"), SOON, "no pods")
        until(as_wanted, SOON, lambda: f"{as_wanted.__name__}: {self._space.all('pods', labelSelector=SELECTOR)}")
        before, began = self._stages(), time.perf_counter()
        status, _, body = self._torpor.visit("web.test")
        took = time.perf_counter() - began
        assert status == 200, body
        return Wake(took, {stage: seconds - before[stage] for stage, seconds in self._stages().items()})

    def _stages(self) -> dict[str, float]:
        _, _, body = ask(self._torpor.cluster.network, self._torpor.scalers[0].address, "GET", "/metrics", within=SOON)
        found = ((stage, float(seconds)) for stage, seconds in _STAGE.findall(body.decode()))
        return defaultdict(float, found)


def _told(wakes: list[Wake]) -> str:
    """For people."""
    every = [wake.seconds for wake in wakes]
    least, median, most = (round(seconds * 1000) for seconds in (min(every), statistics.median(every), max(every)))
    names = dict.fromkeys(stage for wake in wakes for stage in wake.stages)
    spent = {name: statistics.median(wake.stages.get(name, 0.0) for wake in wakes) for name in names}
    parts = ", ".join(f"{name} {round(seconds * 1000)}" for name, seconds in spent.items() if seconds)
    return f"p50 {median} ms ({least} to {most}, of {len(wakes)}; {parts})"
