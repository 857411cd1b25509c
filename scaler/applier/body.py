"""What is sent to the server for a manifest: the manifest, the marks of its set, and a count that wakes nobody."""

from collections.abc import Mapping
from typing import Any

from scaler.applier.managed_fields import owns
from scaler.applier.manifests import Manifest
from scaler.applier.replicas import Count, Live, count, said_count
from scaler.applier.sets import APPLIED_AT, EXPIRES_IN, LABEL, SetId, written_time
from scaler.runtimes.kubernetes.objects.reading import mapping, number, text, texts
from scaler.runtimes.kubernetes.objects.remembered import MOST_REPLICAS, REPLICAS, WRITTEN, read_remembered
from scaler.runtimes.kubernetes.objects.workload import MANAGED

type Json = dict[str, Any]

UNSAID = Count(None, None)


def body(manifest: Manifest, set_id: SetId, counted: Count | None, *, at: float, version: str | None) -> Json:
    """`counted` is for what has replicas; `at` is now, in Unix seconds. With `version` it is applied to that version of
    the object or not at all."""
    meta: Json = {
        "name": manifest.name,
        "namespace": set_id.namespace,
        "labels": manifest.labels | {LABEL: set_id.name},
    }
    annotations = {key: value for key, value in manifest.annotations.items() if key not in (*WRITTEN, APPLIED_AT)}
    if EXPIRES_IN in annotations:
        annotations[APPLIED_AT] = written_time(at)
    made = manifest.body | {"metadata": meta}
    if counted is not None:
        if counted.remembered is not None:
            annotations[REPLICAS] = str(counted.remembered)
        spec = {key: value for key, value in mapping(manifest.body.get("spec")).items() if key != "replicas"}
        made["spec"] = spec if counted.replicas is None else spec | {"replicas": counted.replicas}
    if annotations:
        meta["annotations"] = annotations
    if version is not None:
        meta["resourceVersion"] = version
    return made


def counted(manifest: Manifest, live: Mapping[str, object] | None, *, namespace_managed: bool) -> Count:
    """What becomes of its replicas. A count that makes no sense goes to the server, which refuses it."""
    spec = manifest.body.get("spec")
    said = said_count(spec)
    if said is None and mapping(spec).get("replicas") is not None:
        return Count(mapping(spec)["replicas"], None)  # type: ignore[arg-type]
    managed = _managed(manifest, live, namespace_managed=namespace_managed)
    if live is None:
        return count(said, None, managed=managed)
    meta = mapping(live.get("metadata"))
    replicas = max(0, min(number(mapping(live.get("spec")).get("replicas"), 1), MOST_REPLICAS))
    remembered = read_remembered(texts(meta.get("annotations")))
    memory = owns(meta, "metadata", "annotations", REPLICAS)
    return count(said, Live(replicas, remembered, owns(meta, "spec", "replicas"), memory), managed=managed)


def _managed(manifest: Manifest, live: Mapping[str, object] | None, *, namespace_managed: bool) -> bool:
    """As it will be: a label that we have applied, and that the manifest has no more, goes."""
    opted = manifest.labels.get(MANAGED)
    if opted is None and live is not None:
        meta = mapping(live.get("metadata"))
        if not owns(meta, "metadata", "labels", MANAGED):
            opted = text(mapping(meta.get("labels")).get(MANAGED)) or None
    return opted == "true" or (namespace_managed and opted != "false")
