"""EndpointSlices, for Services without a selector: somebody else says where those lead."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

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
from torpor.words import Address

SERVICE = "kubernetes.io/service-name"
BY = "endpointslice.kubernetes.io/managed-by"
CONTROLLER = "endpointslice-controller.k8s.io"
"""Writes the slices of Services with a selector: we know those pods ourselves, and sooner."""
MOST = 100


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    """One slice: addresses by the name of the Service's port."""

    ref: Ref
    service: str
    """Empty for one that does not matter here."""
    addresses: Mapping[str, tuple[Address, ...]]


def read_endpoint_slice(kind: KindOf, source: object) -> EndpointSlice:
    """Raises Malformed."""
    meta = read_meta(source)
    if not meta.namespace:
        raise Malformed("metadata.namespace is missing")
    if meta.labels.get(BY) == CONTROLLER:
        return EndpointSlice(read_ref(kind, meta), "", {})
    hosts = [host for entry in items(mapping(source).get("endpoints")) for host in _hosts(entry)][:MOST]
    addresses: dict[str, tuple[Address, ...]] = {}
    for entry in items(mapping(source).get("ports"))[:MOST]:
        where, name = port(mapping(entry).get("port")), text(mapping(entry).get("name"))
        if isinstance(where, int) and text(mapping(entry).get("protocol"), "TCP") == "TCP":
            addresses[name] = tuple(Address(host, where) for host in hosts)
    return EndpointSlice(read_ref(kind, meta), meta.labels.get(SERVICE, ""), addresses)


def _hosts(value: object) -> list[str]:
    """The first address of an endpoint; loopback and link-local ones are refused, as they are nobody's in a cluster."""
    conditions = mapping(mapping(value).get("conditions"))
    if conditions.get("ready") is False:
        return []
    for written in items(mapping(value).get("addresses"))[:1]:
        try:
            address = ipaddress.ip_address(text(written))
        except ValueError:
            continue
        if not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified):
            return [str(address)]
    return []
