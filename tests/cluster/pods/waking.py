"""Wakes an app of a real cluster as the runtime does: its pods are asked, and serve once they have answered."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from scaler.runtimes.kubernetes.discovery.found import Door
from scaler.runtimes.kubernetes.objects.probe import read_probe
from scaler.runtimes.kubernetes.pods.looking import Answer
from scaler.runtimes.kubernetes.pods.pod import Pod, read_pod
from scaler.runtimes.kubernetes.pods.prober import Prober
from scaler.runtimes.kubernetes.pods.question import Ask
from scaler.runtimes.kubernetes.pods.serving import Serving, Use
from tests.cluster.rig.space import Space
from torpor.words import Address

SOON = 60.0
"""Seconds: a cluster on a busy machine takes its time."""


@dataclass
class Waking:
    """An app whose pods are looked at again and again, as fast as the API server answers."""

    space: Space
    name: str
    doors: Sequence[Door] = (Door("", "http"),)
    serving: Serving = field(default_factory=Serving)
    use: Use = field(default_factory=Use)
    pods: list[Pod] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    served: dict[Address, float] = field(default_factory=dict)
    """Since when, in Unix seconds; what serves no more stays."""

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """For the length of the block, which has to be inside the cluster's network."""
        workload = await asyncio.to_thread(self.space.get, "deployments", self.name)
        self._probe = read_probe(workload["spec"]["template"]["spec"])
        async with Prober(self._hear, self._listen) as self._prober, asyncio.TaskGroup() as group:
            looking = group.create_task(self._look())
            try:
                yield
            finally:
                looking.cancel()

    async def until(self, holds: Callable[[Use], object]) -> Use:
        """The first use that does."""
        async with asyncio.timeout(SOON):
            while not holds(self.use):
                await asyncio.sleep(0.002)
        return self.use

    async def _look(self) -> None:
        while True:
            found = await asyncio.to_thread(self.space.all, "pods", labelSelector=f"app={self.name}")
            self.pods = [read_pod(source) for source in found]
            self._update()

    def _update(self) -> None:
        self.use = self.serving.update(self.pods, self.doors, self._probe, time.time())
        for address in self.use.addresses[""]:
            self.served.setdefault(address, time.time())
        self._prober.ask(self.name, self.use.asks)

    def _hear(self, app: str, ask: Ask) -> None:
        self.serving.answered(ask)
        self._update()

    def _listen(self, app: str, ask: Ask, answer: Answer) -> None:
        self.told.append(answer.words)
        if answer.reached:
            self.serving.refused(ask)
