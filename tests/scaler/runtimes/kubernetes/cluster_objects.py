"""Objects as a real API server sends them, as short as they can be written."""

from collections.abc import Mapping
from typing import Any, NamedTuple

type Json = dict[str, Any]


class Kind(NamedTuple):
    group: str
    version: str
    plural: str
    kind: str


DEPLOYMENTS = Kind("apps", "v1", "deployments", "Deployment")
STATEFULSETS = Kind("apps", "v1", "statefulsets", "StatefulSet")
ROLLOUTS = Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout")
SERVICES = Kind("", "v1", "services", "Service")
NAMESPACES = Kind("", "v1", "namespaces", "Namespace")
INGRESSES = Kind("networking.k8s.io", "v1", "ingresses", "Ingress")
SLICES = Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
AUTOSCALERS = Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
SCALED_OBJECTS = Kind("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject")
HTTPROUTES = Kind("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute")
GATEWAYS = Kind("gateway.networking.k8s.io", "v1", "gateways", "Gateway")
GRANTS = Kind("gateway.networking.k8s.io", "v1beta1", "referencegrants", "ReferenceGrant")
ALL_KINDS = (
    NAMESPACES,
    DEPLOYMENTS,
    STATEFULSETS,
    ROLLOUTS,
    SERVICES,
    SLICES,
    INGRESSES,
    AUTOSCALERS,
    SCALED_OBJECTS,
    HTTPROUTES,
    GATEWAYS,
    GRANTS,
)


def meta(name: str, namespace: str = "shop", **more: Any) -> Json:
    return {"name": name, "namespace": namespace, "creationTimestamp": "2026-01-01T00:00:00Z", "generation": 1} | more


def annotated(**annotations: str) -> Mapping[str, str]:
    return {f"torpor.dev/{name.replace('_', '-')}": value for name, value in annotations.items()}


def deployment(
    name: str = "web",
    namespace: str = "shop",
    *,
    managed: str | None = "true",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    ports: list[Json] | None = None,
    probe: Json | None = None,
    replicas: int = 1,
    version: str = "1",
    created: str = "2026-01-01T00:00:00Z",
    **more: Any,
) -> Json:
    labels = labels or {"app": name}
    container: Json = {
        "name": "main",
        "ports": ports if ports is not None else [{"containerPort": 8080, "name": "http"}],
    }
    if probe is not None:
        container["readinessProbe"] = probe
    own = {} if managed is None else {"torpor.dev/managed": managed}
    return {
        "metadata": meta(
            name,
            namespace,
            labels=own,
            annotations=dict(annotations or {}),
            resourceVersion=version,
            creationTimestamp=created,
        )
        | more,
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": dict(labels)},
            "template": {"metadata": {"labels": dict(labels)}, "spec": {"containers": [container]}},
        },
    }


def service(
    name: str = "web",
    namespace: str = "shop",
    *,
    selector: Mapping[str, str] | None = None,
    ports: list[Json] | None = None,
    **spec: Any,
) -> Json:
    usual: Json = {
        "type": "ClusterIP",
        "clusterIP": "10.0.0.1",
        "selector": {"app": name} if selector is None else dict(selector),
        "ports": [{"port": 80, "targetPort": "http", "protocol": "TCP"}] if ports is None else ports,
    }
    return {"metadata": meta(name, namespace), "spec": usual | spec}


def backend(service: str = "web", port: int | str = 80) -> Json:
    return {"service": {"name": service, "port": {"name" if isinstance(port, str) else "number": port}}}


def path(to: Json | None = None, at: str = "/", kind: str = "Prefix") -> Json:
    return {"path": at, "pathType": kind, "backend": backend() if to is None else to}


def rule(host: str | None = "web.example", *paths: Json) -> Json:
    return ({} if host is None else {"host": host}) | {"http": {"paths": list(paths) or [path()]}}


def ingress(
    name: str = "web",
    namespace: str = "shop",
    *,
    rules: list[Json] | None = None,
    class_name: str | None = "torpor",
    created: str = "2026-01-01T00:00:00Z",
    **spec: Any,
) -> Json:
    classes = {} if class_name is None else {"ingressClassName": class_name}
    own = {"rules": [rule()] if rules is None else rules}
    return {"metadata": meta(name, namespace, creationTimestamp=created), "spec": classes | own | spec}


def httproute(name: str = "web", namespace: str = "shop", *, rules: list[Json] | None = None, **spec: Any) -> Json:
    usual: Json = {
        "parentRefs": [{"name": "front"}],
        "hostnames": ["web.example"],
        "rules": [{"backendRefs": [{"name": "web", "port": 80}]}] if rules is None else rules,
    }
    return {"metadata": meta(name, namespace), "spec": usual | spec}


def gateway(name: str = "front", namespace: str = "shop", *, class_name: str = "torpor", **listener: Any) -> Json:
    return {
        "metadata": meta(name, namespace),
        "spec": {
            "gatewayClassName": class_name,
            "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"} | listener],
        },
    }


def namespace(name: str = "shop", **labels: str) -> Json:
    return {"metadata": {"name": name, "labels": labels}}


def opted_in_namespace(name: str = "shop") -> Json:
    return {"metadata": {"name": name, "labels": {"torpor.dev/managed": "true"}}}
