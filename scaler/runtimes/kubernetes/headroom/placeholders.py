"""The Deployment of placeholders: as it is written, and as it is read again."""

from typing import Any, NamedTuple

from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS, PRIORITY_CLASSES
from scaler.runtimes.kubernetes.headroom.room import Room
from scaler.runtimes.kubernetes.objects.reading import items, mapping, number, read_meta, text
from scaler.runtimes.kubernetes.objects.requests import read_requests, written
from scaler.runtimes.kubernetes.objects.workload import MANAGED
from torpor.headroom_settings import HeadroomSettings

NAME = "torpor-headroom"
"""In Torpor's own namespace."""
LABELS = {"app.kubernetes.io/name": "torpor", "app.kubernetes.io/component": "headroom"}
SELECTOR = ",".join(f"{key}={value}" for key, value in LABELS.items())
MANAGER = "torpor-headroom"
"""The field manager by which its fields are ours."""
_NOBODY = 65_535
"""The user that the image of the default runs as."""

type Json = dict[str, Any]


class Held(NamedTuple):
    """The Deployment as it was last seen."""

    uid: str
    generation: int
    """Counts the changes of what it is meant to be."""
    room: Room
    ours: bool
    """It has our label; else somebody else's has our name."""
    leaving: bool
    """It is being deleted."""
    others: tuple[str, ...]
    """Who else has written to it, the last one first."""


def manifest(room: Room, settings: HeadroomSettings, class_uid: str) -> Json:
    """To be applied. It belongs to its PriorityClass: with that it goes."""
    container = {
        "name": "placeholder",
        "image": settings.image,
        "resources": {"requests": written(room.each)},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod = {
        "priorityClassName": settings.priority_class,
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "nodeSelector": settings.node_selector,
        "tolerations": [one.model_dump(exclude_none=True) for one in settings.tolerations],
    }
    owner = {
        "apiVersion": PRIORITY_CLASSES.api_version,
        "kind": PRIORITY_CLASSES.kind,
        "name": settings.priority_class,
        "uid": class_uid,
    }
    return {
        "apiVersion": DEPLOYMENTS.api_version,
        "kind": DEPLOYMENTS.kind,
        "metadata": {"name": NAME, "labels": {**LABELS, MANAGED: "false"}, "ownerReferences": [owner]},
        "spec": {
            "replicas": room.pods,
            "revisionHistoryLimit": 0,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": pod},
        },
    }


def read_held(source: object) -> Held:
    """Raises Malformed for an object without a name."""
    meta = read_meta(source)
    metadata = mapping(mapping(source).get("metadata"))
    spec = mapping(mapping(source).get("spec"))
    template = mapping(mapping(spec.get("template")).get("spec"))
    return Held(
        meta.uid,
        meta.generation,
        Room(number(spec.get("replicas"), 1), read_requests(template)),
        LABELS.items() <= meta.labels.items(),
        "deletionTimestamp" in metadata,
        _others(metadata.get("managedFields")),
    )


def _others(managed: object) -> tuple[str, ...]:
    written = [
        (text(entry.get("time")), text(entry.get("manager"))[:128])
        for entry in map(mapping, items(managed))
        if entry.get("manager") != MANAGER and entry.get("subresource") != "status"
    ]
    return tuple(dict.fromkeys(name for _, name in sorted(written, reverse=True) if name))
