"""A kind of somebody's own with a scale subresource, and its controller: as little of Argo Rollouts as pods need."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cluster.rig.api import RefusedError, path
from tests.cluster.rig.manifests import deployment
from tests.cluster.rig.space import Space

type Tree = dict[str, Any]

BEAT = 0.05


def rollout(name: str, group: str, *, replicas: int, labels: dict[str, str]) -> Tree:
    """One with a pod template of its own, as they usually have."""
    made = deployment(name, replicas=replicas, labels=labels)
    return made | {"apiVersion": f"{group}/v1alpha1", "kind": "Rollout"}


@contextmanager
def controlled(space: Space, name: str, group: str) -> Iterator[None]:
    """Keeps a ReplicaSet at the rollout's count, and says so in its status, for the length of the block: Kubernetes
    itself makes the pods then. This controller knows nothing of Torpor and looks at `spec.replicas` alone."""
    api, plural, over = space.cluster.api, f"{group}/v1alpha1/rollouts", threading.Event()
    made = api.get(path(plural, space.name, name))
    spec = {key: made["spec"][key] for key in ("replicas", "selector", "template")}
    api.create(path("replicasets", space.name), {"metadata": {"name": name}, "spec": spec})

    def run() -> None:
        while not over.wait(BEAT):
            try:
                follow()
            except (OSError, RefusedError):
                continue  # the next look does it

    def follow() -> None:
        found = api.get(path(plural, space.name, name))
        wanted = found["spec"]["replicas"]
        if api.get(path("replicasets", space.name, name))["spec"]["replicas"] != wanted:
            api.scale("replicasets", space.name, name, wanted)
        status = {"replicas": wanted, "selector": f"app={name}"}
        if found.get("status") != status:
            api.patch(path(plural, space.name, name, "status"), {"status": status})

    thread = threading.Thread(target=run, name=f"controller of {name}")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
