"""The order in which a cluster comes up, and what each step waits for."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cluster.rig import components, images, settings
from tests.cluster.rig.api import RefusedError, path
from tests.cluster.rig.place import NODE as NODE_NAME
from tests.cluster.rig.until import until

if TYPE_CHECKING:
    from tests.cluster.rig.cluster import Cluster

SOON = 90.0
"""Seconds that a step may take; on two busy cores the API server needs ten."""
NODE, CONTROL_PLANE = "node", "control plane"


def start(cluster: "Cluster", *, node: bool) -> None:
    """Until it is ready for work; containerd takes its images while the API server comes up."""
    settings.write(cluster.place, cluster.programs)
    _run(cluster, "etcd", "apiserver", *(["containerd"] if node else []))
    if node:
        _await(cluster, "containerd", lambda: _ctr(cluster, "version").returncode == 0)
        for archive in images.write(cluster.place.directory, cluster.programs):
            load(cluster, archive)
            archive.unlink()
    _await(cluster, "the API server", cluster.answers)
    _run(cluster, "controller-manager", *(["scheduler", "kubelet", "proxy", "dns"] if node else []))
    wait(cluster, node=node)
    cluster.place.marker.write_text(NODE if node else CONTROL_PLANE)


def wait(cluster: "Cluster", *, node: bool) -> None:
    """Until the API server, the node and the controllers do their work."""
    _await(cluster, "the API server", cluster.answers)
    if node:
        _await(cluster, "the node", lambda: _ready(cluster))
    account = path("serviceaccounts", "default", "default")
    _await(cluster, "the controller manager", lambda: cluster.api.find(account))


def load(cluster: "Cluster", archive: Path) -> None:
    """Give the node the images of this archive. Of what is unpacked, no packed copy is kept."""
    done = _ctr(cluster, "images", "import", "--local", "--discard-unpacked-layers", str(archive))
    assert done.returncode == 0, f"{archive}: {done.stderr}\n{_said(cluster)}"


def tag(cluster: "Cluster", image: str, name: str) -> None:
    """Another name for an image."""
    done = _ctr(cluster, "images", "tag", image, name)
    assert done.returncode == 0, f"{image}: {done.stderr}"


def unload(cluster: "Cluster", image: str) -> None:
    """Take an image away again."""
    done = _ctr(cluster, "images", "rm", image)
    assert done.returncode == 0, f"{image}: {done.stderr}"


def _run(cluster: "Cluster", *names: str) -> None:
    for name in names:
        cluster.part(name).start()


def _await(cluster: "Cluster", what: str, come: Callable[[], Any]) -> None:
    def come_yet() -> Any:
        try:
            return come()
        except (OSError, RefusedError):
            return None

    until(come_yet, SOON, lambda: f"{what}\n{_said(cluster)}")


def _ready(cluster: "Cluster") -> bool:
    node = cluster.api.find(path("nodes", name=NODE_NAME)) or {}
    conditions = node.get("status", {}).get("conditions", ())
    taints = node.get("spec", {}).get("taints")
    return not taints and any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _ctr(cluster: "Cluster", *arguments: str) -> subprocess.CompletedProcess[str]:
    """containerd's own client, inside, where containerd's socket is."""
    inside = ["nsenter", "--target", str(cluster.network.pid), "--mount", "--pid", "--net", "--"]
    ctr = [str(cluster.programs.rolling / "usr/bin/ctr"), "-a", str(cluster.place.containerd), "-n", "k8s.io"]
    command = [*inside, *ctr, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=SOON, check=False)


def _said(cluster: "Cluster") -> str:
    return "\n".join(f"--- {name}\n{cluster.log(name)}" for name in components.COMMANDS)
