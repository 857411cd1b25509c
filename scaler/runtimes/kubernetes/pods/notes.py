"""What the cluster notes down as it goes: its Events, in both forms in which the API serves them."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from scaler.runtimes.kubernetes.objects.reading import mapping, text
from scaler.runtimes.kubernetes.objects.workload import Ref
from scaler.runtimes.kubernetes.pods.container import LONGEST, NAME
from scaler.runtimes.kubernetes.pods.pod import moment

_REPLICA_SET = re.compile(r"-[a-z0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Note:
    """One Event."""

    kind: str
    """Of the object that it is about; so are the name and the uid."""
    namespace: str
    name: str
    uid: str
    reason: str
    message: str
    warning: bool = False
    at: float | None = None
    """Unix seconds of the last time that it happened, by the clock of whoever noted it."""

    def concerns(self, workload: Ref, pods: Collection[str]) -> bool:
        """It is about this workload, a ReplicaSet of it by its name, or one of its pods by their uids."""
        if self.kind == "Pod":
            return self.uid in pods
        if self.namespace != workload.namespace:
            return False
        if (self.kind, self.name) == (workload.kind, workload.name):
            return True
        rest = self.name.removeprefix(workload.name)
        return self.kind == "ReplicaSet" and rest != self.name and bool(_REPLICA_SET.fullmatch(rest))


def read_note(source: object) -> Note:
    """From events.k8s.io/v1 or the older core/v1. Never raises: what is missing is empty."""
    event = mapping(source)
    about = mapping(event.get("regarding")) or mapping(event.get("involvedObject"))
    series = mapping(event.get("series"))
    times = (
        series.get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("deprecatedLastTimestamp"),
        event.get("eventTime"),
    )
    return Note(
        text(about.get("kind"))[:NAME],
        text(about.get("namespace"))[:NAME],
        text(about.get("name"))[:NAME],
        text(about.get("uid"))[:NAME],
        text(event.get("reason"))[:NAME],
        (text(event.get("note")) or text(event.get("message")))[:LONGEST],
        event.get("type") == "Warning",
        next((at for at in map(moment, times) if at is not None), None),
    )
