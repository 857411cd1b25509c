"""Which reader an object of a kind takes. What is none of these is something with a scale subresource."""

from collections.abc import Callable

from scaler.runtimes.kubernetes.objects.autoscalers import Autoscaler, ScaledObject, read_autoscaler, read_scaled_object
from scaler.runtimes.kubernetes.objects.endpoints import EndpointSlice, read_endpoint_slice
from scaler.runtimes.kubernetes.objects.gateway import Gateway, read_gateway
from scaler.runtimes.kubernetes.objects.httproute import GROUP, Grant, HttpRoute, read_grant, read_httproute
from scaler.runtimes.kubernetes.objects.ingress import Ingress, read_ingress
from scaler.runtimes.kubernetes.objects.namespace import Namespace, read_namespace
from scaler.runtimes.kubernetes.objects.reading import KindOf, Malformed, Ref, mapping, read_meta, text
from scaler.runtimes.kubernetes.objects.service import Service, read_service
from scaler.runtimes.kubernetes.objects.workload import Workload, read_workload

type Object = (
    Autoscaler | EndpointSlice | Gateway | Grant | HttpRoute | Ingress | Namespace | ScaledObject | Service | Workload
)

_READERS: dict[tuple[str, str], Callable[[KindOf, object], Object]] = {
    ("", "namespaces"): read_namespace,
    ("", "services"): read_service,
    ("autoscaling", "horizontalpodautoscalers"): read_autoscaler,
    ("discovery.k8s.io", "endpointslices"): read_endpoint_slice,
    ("keda.sh", "scaledobjects"): read_scaled_object,
    ("networking.k8s.io", "ingresses"): read_ingress,
    (GROUP, "gateways"): read_gateway,
    (GROUP, "httproutes"): read_httproute,
    (GROUP, "referencegrants"): read_grant,
}


def read_object(kind: KindOf, source: object) -> Object:
    """Raises Malformed."""
    return _READERS.get((kind.group, kind.plural), read_workload)(kind, source)


def ref_of(kind: KindOf, source: object) -> Ref:
    """Which object it is, as far as even that can be told."""
    try:
        meta = read_meta(source)
        return Ref(kind.group, kind.version, kind.plural, kind.kind, meta.namespace, meta.name)
    except Malformed:
        name = text(mapping(mapping(source).get("metadata")).get("name"))
        return Ref(kind.group, kind.version, kind.plural, kind.kind, "", name[:63] or "?")
