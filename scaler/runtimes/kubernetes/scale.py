"""The writes: a workload scaled to nothing and back, and what is remembered on it. Nothing else of it is ours.

A sleep is two writes: first the memory (replica count, last access, phase), then the count, each with a
resourceVersion, so that neither is done to a workload that is not the one looked at. When it has the same count and the
same pods in mind as before, and only its status or its annotations have moved (ours among them), the write is tried
again. Between the two a crash leaves a workload that is up and says it sleeps; the count is the truth. A wake is one
write of the count, which may be repeated.
"""

from dataclasses import replace
from typing import NamedTuple

from scaler.runtime import StopRefused
from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.objects.reading import Ref
from scaler.runtimes.kubernetes.objects.remembered import Remembered
from scaler.runtimes.kubernetes.objects.workload import Workload, read_workload
from torpor.words import Phase

TRIES = 5
"""A status moves a few times a second at most."""


class Seen(NamedTuple):
    """A workload as it was when something was decided about it."""

    ref: Ref
    replicas: int
    template: str
    generation: int
    version: str

    @classmethod
    def of(cls, workload: Workload) -> "Seen":
        """This one."""
        return cls(workload.ref, workload.replicas, workload.template, workload.generation, workload.resource_version)


async def to_nothing(cluster: Cluster, seen: Seen, memory: Remembered) -> int:
    """Scale to zero and remember how it was; the generation that it has from then on. Raises StopRefused, ApiError."""
    memory = replace(memory, replicas=seen.replicas, phase=Phase.ASLEEP)
    _, noted = await _patch(cluster, seen, _annotations(memory))
    seen = Seen.of(read_workload(_kind(seen.ref), noted))
    seen, _ = await _patch(cluster, seen, {"spec": {"replicas": 0}}, subresource="scale")
    return seen.generation + 1


async def to_count(cluster: Cluster, ref: Ref, replicas: int) -> None:
    """Scale to this count. Raises ApiError."""
    body = {"spec": {"replicas": replicas}}
    await cluster.patch(_kind(ref), ref.namespace, ref.name, body, subresource="scale")


async def remember(cluster: Cluster, ref: Ref, memory: Remembered) -> None:
    """Write annotations of ours. Raises ApiError."""
    await cluster.patch(_kind(ref), ref.namespace, ref.name, _annotations(memory))


async def _patch(cluster: Cluster, seen: Seen, body: Json, *, subresource: str | None = None) -> tuple[Seen, Json]:
    """How it was when it was changed, and what the API server has answered. Raises StopRefused, ApiError."""
    kind, namespace, name = _kind(seen.ref), seen.ref.namespace, seen.ref.name
    for _ in range(TRIES):
        metadata = {**body.get("metadata", {}), "resourceVersion": seen.version}
        told = {**body, "metadata": metadata}
        try:
            return seen, await cluster.patch(kind, namespace, name, told, subresource=subresource)
        except ApiError as error:
            if not error.conflict:
                raise
        now = Seen.of(read_workload(kind, await cluster.get(kind, namespace, name)))
        if (now.replicas, now.template) != (seen.replicas, seen.template):
            raise StopRefused("it has been changed meanwhile")
        seen = now
    raise StopRefused("it changes all the time")


def _kind(ref: Ref) -> Kind:
    return Kind(ref.group, ref.version, ref.plural, ref.kind)


def _annotations(memory: Remembered) -> Json:
    return {"metadata": {"annotations": memory.written()}}
