"""A Gateway: which hosts its listeners stand for, and whose routes they take."""

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


class Listener(NamedTuple):
    """One listener that takes HTTP."""

    name: str
    port: int | str | None
    hostname: str
    """Empty: any."""
    takes: str
    """Routes of which namespaces: Same, All or Selector."""
    namespaces: Selector


@dataclass(frozen=True, slots=True)
class Gateway:
    """One Gateway."""

    ref: Ref
    class_name: str
    listeners: tuple[Listener, ...]


def read_gateway(kind: KindOf, source: object) -> Gateway:
    """Raises Malformed."""
    meta = read_meta(source)
    if not meta.namespace:
        raise Malformed("metadata.namespace is missing")
    spec = mapping(mapping(source).get("spec"))
    listeners = (mapping(entry) for entry in items(spec.get("listeners")))
    return Gateway(
        read_ref(kind, meta),
        text(spec.get("gatewayClassName")),
        tuple(_listener(entry) for entry in listeners if text(entry.get("protocol"), "HTTP") in ("HTTP", "HTTPS")),
    )


def _listener(value: object) -> Listener:
    source = mapping(value)
    allowed = mapping(mapping(source.get("allowedRoutes")).get("namespaces"))
    return Listener(
        text(source.get("name")),
        port(source.get("port")),
        text(source.get("hostname")).lower(),
        text(allowed.get("from"), "Same"),
        read_selector(allowed.get("selector")),
    )
