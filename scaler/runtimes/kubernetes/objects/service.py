"""A Service: which pods are behind it, and which of their ports."""

from dataclasses import dataclass
from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.reading import (
    KindOf,
    Malformed,
    Ref,
    items,
    mapping,
    port,
    read_meta,
    read_ref,
    text,
)
from scaler.runtimes.kubernetes.objects.selector import Selector, read_selector

MOST_PORTS = 200


class Backend(NamedTuple):
    """Where an Ingress or an HTTPRoute sends visits: a Service's port, by its number or its name."""

    namespace: str
    service: str
    port: int | str | None


class ServicePort(NamedTuple):
    """`target` is the pods' port: a number, or the containers' name for it."""

    name: str
    port: int
    target: int | str


@dataclass(frozen=True, slots=True)
class Service:
    """One Service. Only TCP ports are listed."""

    ref: Ref
    selector: Selector | None
    """None: somebody else writes its endpoints."""
    ports: tuple[ServicePort, ...]
    headless: bool
    external_name: str
    """A name outside the cluster, for the type ExternalName, else empty."""

    def port(self, wanted: int | str | None) -> ServicePort | None:
        """The port of this number or name. A headless Service need not list any: then the pods' own is meant."""
        if not self.ports and self.headless and isinstance(wanted, int):
            return ServicePort("", wanted, wanted)
        return next((port for port in self.ports if wanted is not None and wanted in (port.port, port.name)), None)


def read_service(kind: KindOf, source: object) -> Service:
    """Raises Malformed."""
    meta = read_meta(source)
    if not meta.namespace:
        raise Malformed("metadata.namespace is missing")
    spec = mapping(mapping(source).get("spec"))
    outside = text(spec.get("type")) == "ExternalName"
    selector = mapping(spec.get("selector"))
    ports = (_port(entry) for entry in items(spec.get("ports"))[:MOST_PORTS])
    return Service(
        read_ref(kind, meta),
        read_selector({"matchLabels": selector}) if selector and not outside else None,
        tuple(entry for entry in ports if entry is not None),
        text(spec.get("clusterIP")) == "None",
        text(spec.get("externalName"))[:253] if outside else "",
    )


def _port(value: object) -> ServicePort | None:
    source = mapping(value)
    own = port(source.get("port"))
    if not isinstance(own, int) or text(source.get("protocol"), "TCP") != "TCP":
        return None
    return ServicePort(text(source.get("name")), own, port(source.get("targetPort")) or own)
