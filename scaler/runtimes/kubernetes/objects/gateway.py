"""A Gateway: which hosts its listeners stand for, and whose routes they take."""

from dataclasses import dataclass
from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.reading import (
    KindOf,
    Malformed,
    Ref,
    entries,
    fields,
    port,
    read_meta,
    read_ref,
    said,
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
    spec = fields(fields(source).get("spec"))
    listeners = (fields(entry) for entry in entries(spec.get("listeners")))
    return Gateway(
        read_ref(kind, meta),
        said(spec.get("gatewayClassName")),
        tuple(_listener(entry) for entry in listeners if said(entry.get("protocol"), "HTTP") in ("HTTP", "HTTPS")),
    )


def _listener(value: object) -> Listener:
    source = fields(value)
    allowed = fields(fields(source.get("allowedRoutes")).get("namespaces"))
    return Listener(
        said(source.get("name")),
        port(source.get("port")),
        said(source.get("hostname")).lower(),
        said(allowed.get("from"), "Same"),
        read_selector(allowed.get("selector")),
    )
