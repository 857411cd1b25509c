"""What is scaled: a Deployment, a StatefulSet, or anything else with a scale subresource."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from scaler.requests import NOTHING, Requests
from scaler.runtimes.kubernetes.objects.probe import Probe, read_probe
from scaler.runtimes.kubernetes.objects.reading import (
    KindOf,
    Malformed,
    Meta,
    Ref,
    items,
    mapping,
    number,
    port,
    read_meta,
    read_ref,
    text,
)
from scaler.runtimes.kubernetes.objects.remembered import MOST_REPLICAS, Remembered, read_remembered
from scaler.runtimes.kubernetes.objects.requests import read_requests
from scaler.runtimes.kubernetes.objects.selector import Selector, read_selector
from torpor.words import AppId

__all__ = ["PREFIX", "Ref", "Workload", "read_workload"]

PREFIX = "torpor.dev/"
MANAGED = "torpor.dev/managed"
"""The label that opts in, on a workload or on its namespace."""
MANAGER = "torpor"
"""Our own field manager."""


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload, as far as it matters for waking, sleeping and finding the way to it."""

    ref: Ref
    app: AppId
    """`namespace/name`."""
    managed: bool
    """Opted in by its own label or by its namespace's; `false` on the workload itself opts out."""
    replicas: int
    """What is wanted now; 1 where it is not said."""
    remembered: Remembered
    selector: Selector
    """Of its pods."""
    labels: Mapping[str, str]
    """Of the pod template: what Services select on. Without a template, what its selector says of them."""
    own_labels: Mapping[str, str]
    """Of the workload itself."""
    annotations: Mapping[str, str]
    """Only those under torpor.dev/."""
    probe: Probe | None
    ports: Mapping[str, int]
    """The containers' ports by name."""
    first_port: int | str | None
    """The first port that a container declares, by name where it has one."""
    resource_version: str
    generation: int
    created: str
    managers: tuple[str, ...]
    """The field managers that own spec.replicas, ours aside."""
    opted: str | None
    """The label `torpor.dev/managed` on the workload itself, as written."""
    gitops: Mapping[str, str]
    """The labels and annotations by which Argo CD and Flux mark what is theirs."""
    template: str
    """A digest of its pod template: tells its revisions apart."""
    template_of: str
    """The object whose pod template it uses instead of its own (`workloadRef` of a Rollout), else empty."""
    templated: bool = True
    """Whether it has a pod template of its own; else its pods' ports and probe are not known."""
    requests: Requests = NOTHING
    """What one of its pods asks a node for, by its template."""

    @property
    def up(self) -> bool:
        """Whether anything is meant to run: this is the truth, the annotations are memory."""
        return self.replicas > 0


GITOPS = (
    "argocd.argoproj.io/tracking-id",
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/name",
    "kustomize.toolkit.fluxcd.io/namespace",
    "helm.toolkit.fluxcd.io/name",
    "helm.toolkit.fluxcd.io/namespace",
)


def read_workload(kind: KindOf, source: object, *, namespace_managed: bool = False) -> Workload:
    """Raises Malformed for an object without a name or a namespace."""
    meta = read_meta(source)
    if not meta.namespace:
        raise Malformed("metadata.namespace is missing")
    spec = mapping(mapping(source).get("spec"))
    status = mapping(mapping(source).get("status"))
    template = mapping(spec.get("template"))
    pod_spec = mapping(template.get("spec"))
    selector = read_selector(spec.get("selector")) or read_selector(text(status.get("selector")))
    other = mapping(spec.get("workloadRef"))
    named, first = _ports(pod_spec)
    opted = meta.labels.get(MANAGED)
    own = _template_labels(template) if template else selector.labels
    return Workload(
        ref=read_ref(kind, meta),
        app=f"{meta.namespace}/{meta.name}",
        managed=opted == "true" or (namespace_managed and opted != "false"),
        replicas=max(0, min(number(spec.get("replicas"), 1), MOST_REPLICAS)),
        remembered=read_remembered(meta.annotations),
        selector=selector,
        labels=own,
        own_labels=meta.labels,
        annotations={key: value for key, value in meta.annotations.items() if key.startswith(PREFIX)},
        probe=read_probe(pod_spec),
        ports=named,
        first_port=first,
        resource_version=meta.resource_version,
        generation=meta.generation,
        created=meta.created,
        managers=_managers(mapping(source).get("metadata")),
        opted=opted,
        gitops=_gitops(meta),
        template=_digest(template),
        template_of=f"{text(other.get('kind'))} {text(other.get('name'))}".strip()[:300],
        templated=bool(template),
        requests=read_requests(pod_spec),
    )


def _digest(template: Mapping[str, object]) -> str:
    """Equal for equal templates: the API server writes the members of an object in one order."""
    return hashlib.blake2b(json.dumps(template).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _template_labels(template: Mapping[str, object]) -> Mapping[str, str]:
    labels = mapping(mapping(template.get("metadata")).get("labels"))
    return {key: value for key, value in labels.items() if isinstance(value, str)}


def _ports(pod_spec: Mapping[str, object]) -> tuple[Mapping[str, int], int | str | None]:
    named: dict[str, int] = {}
    first: int | str | None = None
    for container in items(pod_spec.get("containers")):
        for entry in items(mapping(container).get("ports")):
            where, name = port(mapping(entry).get("containerPort")), text(mapping(entry).get("name"))
            if not isinstance(where, int) or text(mapping(entry).get("protocol"), "TCP") != "TCP":
                continue
            if name:
                named.setdefault(name, where)
            if first is None:
                first = name or where
    return named, first


def _managers(metadata: object) -> tuple[str, ...]:
    owners: list[str] = []
    for entry in items(mapping(metadata).get("managedFields")):
        source = mapping(entry)
        fields = mapping(mapping(source.get("fieldsV1")).get("f:spec"))
        name = text(source.get("manager"))[:128]
        if "f:replicas" in fields and name and name != MANAGER and name not in owners:
            owners.append(name)
    return tuple(owners)


def _gitops(meta: Meta) -> Mapping[str, str]:
    marks = {key: meta.annotations.get(key) or meta.labels.get(key) for key in GITOPS}
    return {key: value[:300] for key, value in marks.items() if value}
