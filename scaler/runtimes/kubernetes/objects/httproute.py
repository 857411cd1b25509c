"""An HTTPRoute of the Gateway API, as far as routes need it, and the ReferenceGrants that it may rely on."""

from dataclasses import dataclass
from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.reading import (
    KindOf,
    Malformed,
    Ref,
    items,
    mapping,
    number,
    port,
    read_meta,
    read_ref,
    text,
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
    spec = mapping(mapping(source).get("spec"))
    parents = (_parent(entry, meta.namespace) for entry in items(spec.get("parentRefs")))
    return HttpRoute(
        read_ref(kind, meta),
        meta.created,
        tuple(parent for parent in parents if parent is not None),
        tuple(host for host in items(spec.get("hostnames")) if isinstance(host, str)),
        tuple(_rule(entry, meta.namespace) for entry in items(spec.get("rules"))),
    )


def read_grant(kind: KindOf, source: object) -> Grant:
    """Raises Malformed."""
    meta = read_meta(source)
    spec = mapping(mapping(source).get("spec"))
    origins = (mapping(entry) for entry in items(spec.get("from")))
    targets = [entry for entry in map(mapping, items(spec.get("to"))) if _is(entry, "", "Service")]
    names = frozenset(text(entry.get("name")) for entry in targets)
    return Grant(
        read_ref(kind, meta),
        frozenset(text(entry.get("namespace")) for entry in origins if _is(entry, GROUP, "HTTPRoute")),
        None if "" in names else names,
    )


def _is(entry: object, group: str, kind: str) -> bool:
    source = mapping(entry)
    return text(source.get("group")) == group and text(source.get("kind")) == kind


def _parent(value: object, namespace: str) -> Parent | None:
    source = mapping(value)
    if text(source.get("group"), GROUP) != GROUP or text(source.get("kind"), "Gateway") != "Gateway":
        return None
    name = text(source.get("name"))
    place = text(source.get("namespace")) or namespace
    return Parent(place, name, text(source.get("sectionName")), port(source.get("port"))) if name else None


def _rule(value: object, namespace: str) -> HttpRule:
    source = mapping(value)
    matches = tuple(_match(entry) for entry in items(source.get("matches"))) or (HttpMatch(),)
    backends = tuple(_weighted(entry, namespace) for entry in items(source.get("backendRefs")))
    kinds = sorted({text(mapping(entry).get("type"))[:63] or "unknown" for entry in items(source.get("filters"))})
    return HttpRule(matches, backends, f"the filter {', '.join(kinds[:5])}" if kinds else "")


def _weighted(value: object, namespace: str) -> Weighted:
    source = mapping(value)
    place = text(source.get("namespace")) or namespace
    backend = Backend(place, text(source.get("name")), port(source.get("port")))
    weight = max(0, min(number(source.get("weight"), 1), MOST_WEIGHT))
    beyond = ""
    if text(source.get("group")) or text(source.get("kind"), "Service") != "Service":
        beyond = f"a backend of the kind {text(source.get('kind'))[:63]}"
    elif not backend.service or backend.port is None:
        beyond = "a backend without a Service and a port"
    elif items(source.get("filters")):
        beyond = "filters on a backend"
    return Weighted(backend, weight, beyond)


def _match(value: object) -> HttpMatch:
    source = mapping(value)
    path = mapping(source.get("path"))
    kind = text(path.get("type"), "PathPrefix")
    beyond = [] if kind in ("Exact", "PathPrefix") else [f"a path of the type {kind[:63]}"]
    headers: dict[str, str] = {}
    for entry in map(mapping, items(source.get("headers"))):
        if text(entry.get("type"), "Exact") != "Exact":
            beyond.append(f"a header match of the type {text(entry.get('type'))[:63]}")
        headers.setdefault(text(entry.get("name")).lower(), text(entry.get("value")))  # of two, the first counts
    beyond += [f"a match on the {what}" for what in ("method", "queryParams") if source.get(what)]
    return HttpMatch(
        text(path.get("value")) or "/", kind == "Exact", tuple(sorted(headers.items())), " and ".join(beyond[:3])
    )
