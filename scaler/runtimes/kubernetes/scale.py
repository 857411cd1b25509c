"""The writes: a workload scaled to nothing and back, and what is remembered on it. Nothing else of it is ours.

A sleep is two writes: first the memory (replica count, last access, phase), then the count, each with a
resourceVersion, so that neither is done to a workload that is not the one looked at. When only its status has moved
meanwhile (its generation is the same) the write is tried again. Between the two a crash leaves a workload that is up
and says it sleeps; the count is the truth. A wake is one write of the count, which may be repeated.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from scaler.runtime import StopRefused
from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.objects.reading import Ref
from scaler.runtimes.kubernetes.objects.remembered import Remembered
from torpor.words import Phase

TRIES = 5
"""A status moves a few times a second at most."""


class Seen(NamedTuple):
    """A workload as it was when something was decided about it."""

    ref: Ref
    replicas: int
    generation: int
    version: str


async def to_nothing(cluster: Cluster, seen: Seen, last_access: float | None) -> int:
    """Scale to zero and remember how it was; the generation that it has from then on. Raises StopRefused, ApiError."""
    memory = Remembered(seen.replicas, last_access, Phase.ASLEEP)
    noted = await _patch(cluster, seen, _annotations(memory))
    generation, version = _metadata(noted)  # a Deployment's generation counts changes of its annotations too
    seen = seen._replace(generation=generation, version=version)
    await _patch(cluster, seen, {"spec": {"replicas": 0}}, subresource="scale")
    return generation + 1


async def to_count(cluster: Cluster, ref: Ref, replicas: int) -> None:
    """Scale to this count. Raises ApiError."""
    body = {"spec": {"replicas": replicas}}
    await cluster.patch(_kind(ref), ref.namespace, ref.name, body, subresource="scale")


async def remember(cluster: Cluster, ref: Ref, memory: Remembered) -> None:
    """Write annotations of ours. Raises ApiError."""
    await cluster.patch(_kind(ref), ref.namespace, ref.name, _annotations(memory))


async def _patch(cluster: Cluster, seen: Seen, body: Json, *, subresource: str | None = None) -> Json:
    kind, namespace, name, version = _kind(seen.ref), seen.ref.namespace, seen.ref.name, seen.version
    for _ in range(TRIES):
        metadata = {**body.get("metadata", {}), "resourceVersion": version}
        try:
            return await cluster.patch(kind, namespace, name, {**body, "metadata": metadata}, subresource=subresource)
        except ApiError as error:
            if not error.conflict:
                raise
        generation, version = _metadata(await cluster.get(kind, namespace, name))
        if generation != seen.generation:
            raise StopRefused("it has been changed meanwhile")
    raise StopRefused("it changes all the time")


def _kind(ref: Ref) -> Kind:
    return Kind(ref.group, ref.version, ref.plural, ref.kind)


def _annotations(memory: Remembered) -> Json:
    return {"metadata": {"annotations": memory.written()}}


def _metadata(found: Mapping[str, Any]) -> tuple[int, str]:
    metadata = found.get("metadata", {})
    return int(metadata.get("generation", 0)), str(metadata.get("resourceVersion", ""))
