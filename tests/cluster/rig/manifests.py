"""Manifests of small apps, as users write them."""

from collections.abc import Mapping
from typing import Any

from tests.cluster.rig.images import APP

type Tree = dict[str, Any]

PORT = 8080
"""Where the tests' app listens."""
READY: Tree = {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1}
"""A readiness probe of the usual kind."""


def deployment(
    name: str,
    *,
    replicas: int | None = 0,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    environment: Mapping[str, object] | None = None,
    probe: Tree | None = READY,
    kind: str = "Deployment",
) -> Tree:
    """One (or a StatefulSet) of the tests' app; `environment` is what the app does, see programs/app."""
    container: Tree = {
        "name": "app",
        "image": APP,
        "imagePullPolicy": "Never",
        "ports": [{"name": "http", "containerPort": PORT}],
        "env": [{"name": key, "value": str(value)} for key, value in (environment or {}).items()],
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}},
    }
    if probe is not None:
        container["readinessProbe"] = probe
    spec: Tree = {
        "selector": {"matchLabels": {"app": name}},
        "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {
                "containers": [container],
                "terminationGracePeriodSeconds": 5,
                "automountServiceAccountToken": False,
            },
        },
    }
    if replicas is not None:
        spec["replicas"] = replicas
    if kind == "StatefulSet":
        spec["serviceName"] = name
    about = {"name": name, "labels": dict(labels or {}), "annotations": dict(annotations or {})}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": about, "spec": spec}


def service(name: str, *, port: int = 80, annotations: Mapping[str, str] | None = None) -> Tree:
    """What leads to the pods of the app of this name."""
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": port, "targetPort": "http"}]}
    about = {"name": name, "annotations": dict(annotations or {})}
    return {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": spec}
