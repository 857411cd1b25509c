"""A pod, as far as it matters for starting it, for asking it, and for using its address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import NamedTuple

from scaler.requests import NOTHING, Requests
from scaler.runtimes.kubernetes.objects.reading import items, mapping, number, port, read_meta, text
from scaler.runtimes.kubernetes.objects.requests import read_requests
from scaler.runtimes.kubernetes.pods.container import MOST, NAME, NO_WHY, Container, Why, read_containers, read_why


class Life(NamedTuple):
    """One life of a pod: what has answered once need not answer again until its containers are started anew."""

    uid: str
    restarts: int


@dataclass(frozen=True, slots=True)
class Condition:
    """One of a pod's or a workload's conditions."""

    holds: bool
    why: Why = NO_WHY
    since: float | None = None
    """Unix seconds, by the clock of whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Pod:
    """As last told by the API server."""

    namespace: str
    name: str
    uid: str
    labels: Mapping[str, str]
    owner: str = ""
    """Kind and name of what controls it, `ReplicaSet notes-5d8f`; empty for a pod on its own."""
    created: str = ""
    """RFC 3339 in UTC: text order is time order."""
    deleting: bool = False
    phase: str = "Pending"
    why: Why = NO_WHY
    """Why it is in its phase, where somebody says so: Evicted, OutOfcpu."""
    ip: str = ""
    """Empty until it has one."""
    node: str = ""
    nominated: str = ""
    """The node on which room is being made for it."""
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    containers: tuple[Container, ...] = ()
    """Those that run first in front."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """The containers' TCP ports by name."""
    first_port: int | None = None
    requests: Requests = NOTHING
    """What it asks its node for."""

    @property
    def life(self) -> Life:
        """Which life of it this is."""
        return Life(self.uid, sum(container.restarts for container in self.containers if not container.init))

    @property
    def over(self) -> bool:
        """It runs no more and never will again."""
        return self.phase in ("Failed", "Succeeded")

    @property
    def ready(self) -> bool:
        """In the kubelet's eyes."""
        condition = self.conditions.get("Ready")
        return condition is not None and condition.holds

    def port(self, wanted: int | str | None) -> int | None:
        """A port by number or by its name in this very pod; its first one where nobody knows which."""
        if isinstance(wanted, str):
            return self.ports.get(wanted)
        return self.first_port if wanted is None else wanted


def read_pod(source: object) -> Pod:
    """Raises Malformed for an object without a name."""
    meta = read_meta(source)
    metadata = mapping(mapping(source).get("metadata"))
    spec = mapping(mapping(source).get("spec"))
    status = mapping(mapping(source).get("status"))
    ports = _ports(spec)
    return Pod(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid[:NAME],
        labels=meta.labels,
        owner=_owner(metadata),
        created=meta.created[:NAME],
        deleting="deletionTimestamp" in metadata,
        phase=text(status.get("phase"))[:NAME] or "Pending",
        why=read_why(status),
        ip=_ip(text(status.get("podIP"))),
        node=text(spec.get("nodeName"))[:NAME],
        nominated=text(status.get("nominatedNodeName"))[:NAME],
        conditions=read_conditions(status),
        containers=read_containers(spec, status),
        ports={name: where for name, where in reversed(ports) if name},
        first_port=ports[0][1] if ports else None,
        requests=read_requests(spec),
    )


def read_conditions(status: Mapping[str, object]) -> Mapping[str, Condition]:
    """Of a pod, a workload or a node, by type."""
    found: dict[str, Condition] = {}
    for entry in items(status.get("conditions"))[:MOST]:
        condition = mapping(entry)
        if name := text(condition.get("type"))[:NAME]:
            found[name] = Condition(
                condition.get("status") == "True", read_why(condition), moment(condition.get("lastTransitionTime"))
            )
    return found


def observed_conditions(source: object) -> Mapping[str, Condition]:
    """Of a workload, unless they tell of how it was before its last change."""
    meta, status = mapping(mapping(source).get("metadata")), mapping(mapping(source).get("status"))
    generation = number(meta.get("generation"), 0)
    return {} if number(status.get("observedGeneration"), generation) < generation else read_conditions(status)


def moment(value: object) -> float | None:
    """Unix seconds of a time as Kubernetes writes it."""
    written = text(value)
    try:
        time = datetime.fromisoformat(written) if 0 < len(written) <= 40 else None
        return time.timestamp() if time is not None and time.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _owner(metadata: Mapping[str, object]) -> str:
    for entry in items(metadata.get("ownerReferences")):
        owner = mapping(entry)
        if owner.get("controller") is True:
            return f"{text(owner.get('kind'))[:NAME]} {text(owner.get('name'))[:NAME]}"
    return ""


def _ports(spec: Mapping[str, object]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for key in ("containers", "initContainers"):  # a sidecar may have one too
        for container in items(spec.get(key))[:MOST]:
            for entry in items(mapping(container).get("ports"))[:MOST]:
                where = port(mapping(entry).get("containerPort"))
                if isinstance(where, int) and text(mapping(entry).get("protocol"), "TCP") == "TCP":
                    found.append((text(mapping(entry).get("name"))[:NAME], where))
    return found


def _ip(written: str) -> str:
    try:
        return str(ip_address(written)) if len(written) <= NAME else ""
    except ValueError:
        return ""
