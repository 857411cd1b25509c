"""Follows a start in a real cluster by looking again and again, as the runtime does by watching."""

import time
from dataclasses import dataclass, field
from typing import Any

from scaler.runtimes.kubernetes.objects.workload import Ref
from scaler.runtimes.kubernetes.pods.nodes import read_node
from scaler.runtimes.kubernetes.pods.notes import Note, read_note
from scaler.runtimes.kubernetes.pods.pod import observed_conditions, read_pod
from scaler.runtimes.kubernetes.pods.progress import Failed, Progress, progress
from scaler.runtimes.kubernetes.pods.stages import Scene
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until

SOON = 60.0
"""Seconds: a cluster on a busy machine takes its time."""


@dataclass
class Telling:
    """One start of a workload, from now on."""

    space: Space
    name: str
    plural: str = "deployments"
    stages: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def failure(self) -> str:
        """Why it failed."""
        return until(self.failed, SOON, lambda: f"a failure; {self.name} told: {self.stages}")

    def says(self, words: str) -> None:
        """Wait for a stage that begins so. AssertionError when it fails first."""

        def said() -> bool:
            failed = self.failed()
            assert not failed, f"{failed} after {self.stages}"
            return any(stage.startswith(words) for stage in self.stages)

        until(said, SOON, lambda: f"{words!r}; {self.name} told: {self.stages}")

    def failed(self) -> str:
        """Why it has failed by now; empty while it has not."""
        now = self.look()
        if isinstance(now, Failed):
            return now.reason
        if self.stages[-1:] != [now.stage]:
            self.stages.append(now.stage)
        return ""

    def look(self) -> Progress | Failed:
        """What is told of it now."""
        workload = self.space.get(self.plural, self.name)
        pods = [read_pod(source) for source in self.space.all("pods", labelSelector=f"app={self.name}")]
        nodes = [read_node(source) for source in self.space.cluster.api.get("/api/v1/nodes")["items"]]
        return progress(
            Scene(
                pods,
                time.monotonic() - self.began,
                observed_conditions(workload),
                self._notes(workload, {pod.uid for pod in pods}),
                lost_nodes={node.name: node.lost for node in nodes if node.lost is not None},
            )
        )

    def _notes(self, workload: dict[str, Any], pods: set[str]) -> list[Note]:
        ref = Ref("apps", "v1", self.plural, workload["kind"], self.space.name, self.name)
        events = sorted(self.space.all("events"), key=lambda event: int(event["metadata"]["resourceVersion"]))
        return [note for note in map(read_note, events) if note.concerns(ref, pods)]
