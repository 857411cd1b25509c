"""The order in which a cluster comes up, and what each step waits for."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.cluster.programs.fill import Programs
from tests.cluster.rig import components, images, settings
from tests.cluster.rig.api import path
from tests.cluster.rig.place import NODE
from tests.cluster.rig.until import until

if TYPE_CHECKING:
    from tests.cluster.rig.cluster import Cluster

SOON = 60.0
"""Seconds that a step may take; on two busy cores the API server needs ten."""


def start(cluster: "Cluster", programs: Programs, *, node: bool, more: Mapping[str, Sequence[str]]) -> None:
    """Until it is ready for work."""
    settings.write(cluster.place, programs)

    def run(*names: str) -> None:
        for name in names:
            cluster.part(name).start(more.get(name, ()))

    def come(what: str, come_yet: Callable[[], Any]) -> None:
        until(come_yet, SOON, lambda: f"{what}\n{_said(cluster)}")

    run("etcd", "apiserver")
    if node:
        run("containerd")
        come("containerd", lambda: _ctr(cluster, programs, "version"))
        for archive in images.write(cluster.place.directory, programs):
            assert _ctr(cluster, programs, "images", "import", str(archive)), f"{archive}\n{_said(cluster)}"
            archive.unlink()
    come("the API server", cluster.answers)
    run("controller-manager")
    if node:
        run("scheduler", "kubelet", "proxy", "dns")
        come("the node", lambda: _ready(cluster))
    come("the default account", lambda: cluster.api.find(path("serviceaccounts", "default", "default")))
    cluster.place.marker.write_text("node" if node else "control plane")


def _ready(cluster: "Cluster") -> bool:
    node = cluster.api.find(path("nodes", name=NODE)) or {}
    conditions = node.get("status", {}).get("conditions", ())
    taints = node.get("spec", {}).get("taints")
    return not taints and any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _ctr(cluster: "Cluster", programs: Programs, *arguments: str) -> bool:
    """containerd's own client, inside, where containerd's socket is."""
    inside = ["nsenter", "--target", str(cluster.network.pid), "--mount", "--pid", "--net", "--"]
    ctr = [str(programs.rolling / "usr/bin/ctr"), "-a", str(cluster.place.containerd), "-n", "k8s.io"]
    return subprocess.run([*inside, *ctr, *arguments], capture_output=True, timeout=SOON, check=False).returncode == 0


def _said(cluster: "Cluster") -> str:
    everybody = (*components.CONTROL_PLANE, *components.NODE_PARTS)
    return "\n".join(f"--- {name}\n{cluster.log(name)}" for name in everybody)
