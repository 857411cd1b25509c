"""What leads to apps, as users write it."""

from collections.abc import Mapping
from typing import Any

from tests.cluster.rig.manifests import deployment, service

type Tree = dict[str, Any]

MANAGED = {"torpor.dev/managed": "true"}


def ingress(name: str, *hosts: str, backend: str | None = None, path: str = "/", kind: str = "Prefix") -> Tree:
    """One of our class: each host at this path to the Service `backend` (default: its own name), port 80."""
    to = {"service": {"name": backend or name, "port": {"number": 80}}}
    rules = [{"host": host, "http": {"paths": [{"path": path, "pathType": kind, "backend": to}]}} for host in hosts]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name},
        "spec": {"ingressClassName": "torpor", "rules": rules},
    }


def app(name: str, *, annotations: Mapping[str, str] | None = None, **more: Any) -> list[Tree]:
    """A managed Deployment, its Service, and the Ingress for `NAME.test`."""
    said = {f"torpor.dev/{key}": value for key, value in (annotations or {}).items()}
    return [deployment(name, labels=MANAGED, annotations=said, **more), service(name), ingress(name, f"{name}.test")]
