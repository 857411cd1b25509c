"""Headroom for a Torpor of a test's own: its rights, its settings, and its placeholders as they are."""

import contextlib
from collections.abc import Iterator
from typing import Any

import yaml

from scaler.runtimes.kubernetes.headroom.placeholders import NAME, SELECTOR
from tests.cluster.rig.api import path
from tests.cluster.rig.images import PAUSE
from tests.cluster.rig.space import Space
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.running import RBAC, Running
from torpor.quantity import millis, parse_quantity

EXAMPLE = RBAC.with_name("headroom.yaml")

type Tree = dict[str, Any]


@contextlib.contextmanager
def allowed(space: Space, *, value: int = -10) -> Iterator[str]:
    """The example for a Torpor in here, with a PriorityClass of this value; its name."""
    name = f"torpor-headroom-{space.name}"
    text = EXAMPLE.read_text().replace("namespace: torpor\n", f"namespace: {space.name}\n")
    documents = list(yaml.safe_load_all(text))
    for one in documents:
        if "namespace" not in one["metadata"]:
            one["metadata"]["name"] = name
        if one["kind"] == "PriorityClass":
            one["value"] = value
        if one["kind"] == "ClusterRole":
            one["rules"][0]["resourceNames"] = [name]
        if one["kind"] == "ClusterRoleBinding":
            one["roleRef"]["name"] = name
    space.cluster.kubectl("apply", "-f", "-", told=yaml.safe_dump_all(documents))
    try:
        yield name
    finally:
        if space.cluster.answers():
            kinds = "priorityclass,clusterrole,clusterrolebinding"
            space.cluster.kubectl("delete", kinds, name, "--ignore-not-found", "--wait=false")


def room(priority_class: str, **more: object) -> Tree:
    """Settings of headroom."""
    return {"image": PAUSE, "priority_class": priority_class, **more}


def change(torpor: Running, headroom: Tree | None) -> None:
    """Another scaler in the place of the first, with these settings of headroom; None: turned off."""
    torpor.scalers[0].stop()
    torpor.settings["kubernetes"]["headroom"] = headroom
    torpor.start_scaler_at(0)
    torpor.wait_linked()


def large(name: str, cpu: int, **more: Any) -> list[Tree]:
    """An app whose pods ask for so many thousandths of a core."""
    manifests = app(name, **more)
    manifests[0]["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = f"{cpu}m"
    return manifests


def node_cpu(space: Space) -> int:
    """Thousandths of a core on its only node."""
    [node] = space.cluster.api.get(path("nodes"))["items"]
    return millis(parse_quantity(node["status"]["allocatable"]["cpu"]))


def running(space: Space) -> set[str]:
    """The uids of placeholders that hold room."""
    found = space.all("pods", labelSelector=SELECTOR)
    return {pod["metadata"]["uid"] for pod in found if pod.get("status", {}).get("phase") == "Running"}


def replicas(space: Space) -> int | None:
    """How many are wanted; None: there is no Deployment of them."""
    found = space.cluster.api.find(path("deployments", space.name, NAME))
    return None if found is None else int(found["spec"]["replicas"])
