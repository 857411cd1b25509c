"""An Ingress, as far as routes need it."""

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
from scaler.runtimes.kubernetes.objects.service import Backend

CLASS = "kubernetes.io/ingress.class"
"""The annotation from before `spec.ingressClassName`; cert-manager's solvers still come with it."""


class NoBackend(NamedTuple):
    """A backend that is not a Service's port, in words."""

    what: str


class PathRule(NamedTuple):
    """One path of a rule. ImplementationSpecific is taken as a prefix."""

    path: str
    exact: bool
    backend: Backend | NoBackend


class HostRule(NamedTuple):
    """`host` is empty for any host. Without paths, the default backend is meant."""

    host: str
    paths: tuple[PathRule, ...]


@dataclass(frozen=True, slots=True)
class Ingress:
    """One Ingress."""

    ref: Ref
    created: str
    class_name: str | None
    default: Backend | NoBackend | None
    rules: tuple[HostRule, ...]


def read_ingress(kind: KindOf, source: object) -> Ingress:
    """Raises Malformed."""
    meta = read_meta(source)
    if not meta.namespace:
        raise Malformed("metadata.namespace is missing")
    spec = fields(fields(source).get("spec"))
    default = spec.get("defaultBackend")
    return Ingress(
        read_ref(kind, meta),
        meta.created,
        said(spec.get("ingressClassName")) or meta.annotations.get(CLASS) or None,
        None if default is None else _backend(default, meta.namespace),
        tuple(_rule(entry, meta.namespace) for entry in entries(spec.get("rules"))),
    )


def _rule(value: object, namespace: str) -> HostRule:
    source = fields(value)
    paths = entries(fields(source.get("http")).get("paths"))
    return HostRule(said(source.get("host")), tuple(_path(entry, namespace) for entry in paths))


def _path(value: object, namespace: str) -> PathRule:
    source = fields(value)
    exact = source.get("pathType") == "Exact"
    return PathRule(said(source.get("path")) or "/", exact, _backend(source.get("backend"), namespace))


def _backend(value: object, namespace: str) -> Backend | NoBackend:
    source = fields(value)
    if "resource" in source:
        resource = fields(source["resource"])
        return NoBackend(
            f"the {said(resource.get('kind'))[:63] or 'resource'} {said(resource.get('name'))[:63]}".strip()
        )
    service = fields(source.get("service"))
    name, at = said(service.get("name")), fields(service.get("port"))
    where = port(at.get("number")) or port(at.get("name"))
    if not name or where is None:
        return NoBackend("no Service and port")
    return Backend(namespace, name, where)
