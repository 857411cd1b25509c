"""An HTTPRoute of the Gateway API, as far as routes need it, and the ReferenceGrants that it may rely on."""

from dataclasses import dataclass
from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.reading import (
    KindOf,
    Malformed,
    Ref,
    entries,
    fields,
    number,
    port,
    read_meta,
    read_ref,
    said,
)
from scaler.runtimes.kubernetes.objects.service import Backend

GROUP = "gateway.networking.k8s.io"
MOST_WEIGHT = 1_000_000


class Parent(NamedTuple):
    """The Gateway that a route asks to be attached to, and which of its listeners."""

    namespace: str
    name: str
    section: str
    port: int | str | None


class HttpMatch(NamedTuple):
    """What a visit has to be like."""

    path: str = "/"
    exact: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    beyond: str = ""
    """What it asks for that Torpor cannot do, in words."""


class Weighted(NamedTuple):
    """Where visits go, and how many of them; `beyond` is set for what is not a Service's port."""

    backend: Backend
    weight: int
    beyond: str = ""


class HttpRule(NamedTuple):
    """Any of its matches will do."""

    matches: tuple[HttpMatch, ...]
    backends: tuple[Weighted, ...]
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """One HTTPRoute."""

    ref: Ref
    created: str
    parents: tuple[Parent, ...]
    hostnames: tuple[str, ...]
    """Empty: those of the listener."""
    rules: tuple[HttpRule, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """A ReferenceGrant: whose HTTPRoutes may lead to which Services of its own namespace."""

    ref: Ref
    sources: frozenset[str]
    """Namespaces."""
    services: frozenset[str] | None
    """None: all of them."""


def read_httproute(kind: KindOf, source: object) -> HttpRoute:
    """Raises Malformed."""
    meta = read_meta(source)
    if not meta.namespace:
        raise Malformed("metadata.namespace is missing")
    spec = fields(fields(source).get("spec"))
    parents = (_parent(entry, meta.namespace) for entry in entries(spec.get("parentRefs")))
    return HttpRoute(
        read_ref(kind, meta),
        meta.created,
        tuple(parent for parent in parents if parent is not None),
        tuple(said(host) for host in entries(spec.get("hostnames"))),
        tuple(_rule(entry, meta.namespace) for entry in entries(spec.get("rules"))),
    )


def read_grant(kind: KindOf, source: object) -> Grant:
    """Raises Malformed."""
    meta = read_meta(source)
    spec = fields(fields(source).get("spec"))
    origins = (fields(entry) for entry in entries(spec.get("from")))
    targets = [entry for entry in map(fields, entries(spec.get("to"))) if _is(entry, "", "Service")]
    names = frozenset(said(entry.get("name")) for entry in targets)
    return Grant(
        read_ref(kind, meta),
        frozenset(said(entry.get("namespace")) for entry in origins if _is(entry, GROUP, "HTTPRoute")),
        None if "" in names else names,
    )


def _is(entry: object, group: str, kind: str) -> bool:
    source = fields(entry)
    return said(source.get("group")) == group and said(source.get("kind")) == kind


def _parent(value: object, namespace: str) -> Parent | None:
    source = fields(value)
    if said(source.get("group"), GROUP) != GROUP or said(source.get("kind"), "Gateway") != "Gateway":
        return None
    name = said(source.get("name"))
    place = said(source.get("namespace")) or namespace
    return Parent(place, name, said(source.get("sectionName")), port(source.get("port"))) if name else None


def _rule(value: object, namespace: str) -> HttpRule:
    source = fields(value)
    matches = tuple(_match(entry) for entry in entries(source.get("matches"))) or (HttpMatch(),)
    backends = tuple(_weighted(entry, namespace) for entry in entries(source.get("backendRefs")))
    kinds = sorted({said(fields(entry).get("type"))[:63] or "unknown" for entry in entries(source.get("filters"))})
    return HttpRule(matches, backends, f"the filter {', '.join(kinds[:5])}" if kinds else "")


def _weighted(value: object, namespace: str) -> Weighted:
    source = fields(value)
    place = said(source.get("namespace")) or namespace
    backend = Backend(place, said(source.get("name")), port(source.get("port")))
    weight = max(0, min(number(source.get("weight"), 1), MOST_WEIGHT))
    beyond = ""
    if said(source.get("group")) or said(source.get("kind"), "Service") != "Service":
        beyond = f"a backend of the kind {said(source.get('kind'))[:63]}"
    elif not backend.service or backend.port is None:
        beyond = "a backend without a Service and a port"
    elif entries(source.get("filters")):
        beyond = "filters on a backend"
    return Weighted(backend, weight, beyond)


def _match(value: object) -> HttpMatch:
    source = fields(value)
    path = fields(source.get("path"))
    kind = said(path.get("type"), "PathPrefix")
    beyond = [] if kind in ("Exact", "PathPrefix") else [f"a path of the type {kind[:63]}"]
    headers: dict[str, str] = {}
    for entry in map(fields, entries(source.get("headers"))):
        if said(entry.get("type"), "Exact") != "Exact":
            beyond.append(f"a header match of the type {said(entry.get('type'))[:63]}")
        headers.setdefault(said(entry.get("name")).lower(), said(entry.get("value")))  # of two, the first counts
    beyond += [f"a match on the {what}" for what in ("method", "queryParams") if source.get(what)]
    return HttpMatch(
        said(path.get("value")) or "/", kind == "Exact", tuple(sorted(headers.items())), " and ".join(beyond[:3])
    )
