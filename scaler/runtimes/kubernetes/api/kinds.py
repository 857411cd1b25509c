"""The kinds of objects that we read or write, and which of them a cluster has.

A kind is written down with the versions that we can read, best first; `Offer` says which of them this server serves.
A kind that an operator names (`rollouts.argoproj.io`) is found by the server's own discovery documents, and must have
a scale subresource there.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from scaler.runtimes.kubernetes.api.errors import ApiError


class Kind(NamedTuple):
    """One kind in one version, and where it is found."""

    group: str
    """Empty for the core."""
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As objects name it: `apps/v1`, or `v1` for the core."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As people and roles name it: `deployments.apps`, or `pods` for the core."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The path of one object, of all in a namespace, or of all in the cluster."""
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if namespace is not None and self.namespaced:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part is not None]
        if any(part in ("", ".", "..") for part in parts):
            raise ValueError(f"no path leads to {'/'.join(parts)!r}")
        return "/" + "/".join(quote(part, safe=":") for part in parts)


DEPLOYMENTS = Kind("apps", "v1", "deployments", "Deployment")
STATEFUL_SETS = Kind("apps", "v1", "statefulsets", "StatefulSet")
REPLICA_SETS = Kind("apps", "v1", "replicasets", "ReplicaSet")
PODS = Kind("", "v1", "pods", "Pod")
SERVICES = Kind("", "v1", "services", "Service")
NAMESPACES = Kind("", "v1", "namespaces", "Namespace", namespaced=False)
NODES = Kind("", "v1", "nodes", "Node", namespaced=False)
EVENTS = Kind("", "v1", "events", "Event")
ENDPOINT_SLICES = Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
INGRESSES = Kind("networking.k8s.io", "v1", "ingresses", "Ingress")
INGRESS_CLASSES = Kind("networking.k8s.io", "v1", "ingressclasses", "IngressClass", namespaced=False)
AUTOSCALERS = Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
DISRUPTION_BUDGETS = Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
PRIORITY_CLASSES = Kind("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", namespaced=False)
LEASES = Kind("coordination.k8s.io", "v1", "leases", "Lease")
TOKEN_REVIEWS = Kind("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", namespaced=False)
ACCESS_REVIEWS = Kind(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False
)

HTTP_ROUTES = (
    Kind("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute"),
    Kind("gateway.networking.k8s.io", "v1beta1", "httproutes", "HTTPRoute"),
)
GATEWAYS = (
    Kind("gateway.networking.k8s.io", "v1", "gateways", "Gateway"),
    Kind("gateway.networking.k8s.io", "v1beta1", "gateways", "Gateway"),
)
REFERENCE_GRANTS = (
    Kind("gateway.networking.k8s.io", "v1", "referencegrants", "ReferenceGrant"),
    Kind("gateway.networking.k8s.io", "v1beta1", "referencegrants", "ReferenceGrant"),
)
SCALED_OBJECTS = (Kind("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject"),)
"""Kinds that a cluster may or may not have, in the versions that we can read, best first."""


class NotScalable(ValueError):  # noqa: N818 - reads as what happened
    """What an operator has named cannot be scaled: `str()` says why."""


class Reads(Protocol):
    """What discovery needs of a cluster."""

    async def read(self, path: str) -> Any: ...


class Offer:
    """What one server serves, as of one look. Only documents of groups that are asked about are read."""

    def __init__(self, cluster: Reads, groups: Mapping[str, tuple[str, ...]]) -> None:
        self._cluster = cluster
        self.groups = groups
        """The versions of each group, the one that the server prefers first."""
        self._documents: dict[tuple[str, str], list[dict[str, Any]]] = {}

    async def first(self, wanted: tuple[Kind, ...]) -> Kind | None:
        """The first of these kinds that the server has. Raises ApiError."""
        for kind in wanted:
            if any(entry.get("name") == kind.plural for entry in await self._resources(kind.group, kind.version)):
                return kind
        return None

    async def kind(self, api_version: str, kind: str) -> Kind | None:
        """The kind that an object names so; None where the server has none, or has it outside of namespaces. Raises
        ApiError."""
        group, _, version = api_version.rpartition("/")
        if "/" in group or (not group and version != "v1"):
            return None
        entries = await self._resources(group, version)
        return next((_kind(group, version, entry) for entry in entries if _is(entry, "kind", kind)), None)

    async def named(self, resource: str) -> Kind | None:
        """The kind that roles name so, such as `deployments.apps`, in the version that the server prefers, or None as
        for `kind`. Raises ApiError."""
        plural, _, group = resource.partition(".")
        for version in self.groups.get(group, ()) if group else ("v1",):
            for entry in await self._resources(group, version):
                if _is(entry, "name", plural):
                    return _kind(group, version, entry)
        return None

    async def scalable(self, named: str) -> Kind:
        """The kind that an operator names as `rollouts.argoproj.io` or `rollouts.v1alpha1.argoproj.io`, in the version
        that the server prefers. Raises NotScalable, ApiError."""
        plural, _, rest = named.strip().lower().partition(".")
        version, _, group = rest.partition(".")
        candidates = [(rest, offered) for offered in self.groups.get(rest, ())]
        if version in self.groups.get(group, ()):
            candidates = [(group, version)]
        if not plural or not candidates:
            raise NotScalable(f"{named}: this cluster has no such group; name it like rollouts.argoproj.io")
        for group, version in candidates:
            entries = {entry.get("name"): entry for entry in await self._resources(group, version)}
            if (entry := entries.get(plural)) is None:
                continue
            if f"{plural}/scale" not in entries:
                raise NotScalable(f"{named}: {group}/{version} has it, but without a scale subresource")
            if not entry.get("namespaced"):
                raise NotScalable(f"{named}: it is not in namespaces")
            return Kind(group, version, plural, str(entry.get("kind", "")))
        raise NotScalable(f"{named}: the group {candidates[0][0]} has no {plural}")

    async def _resources(self, group: str, version: str) -> list[dict[str, Any]]:
        if group and version not in self.groups.get(group, ()):
            return []
        key = (group, version)
        if key not in self._documents:
            path = f"/apis/{quote(group)}/{quote(version)}" if group else f"/api/{quote(version)}"
            try:
                document = await self._cluster.read(path)
            except ApiError as error:
                if not error.not_found:
                    raise
                document = {}  # removed since the groups were read
            entries = document.get("resources")
            self._documents[key] = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
        return self._documents[key]


def _is(entry: Mapping[str, Any], key: str, wanted: str) -> bool:
    return entry.get(key) == wanted and entry.get("namespaced") is True and "/" not in str(entry.get("name"))


def _kind(group: str, version: str, entry: Mapping[str, Any]) -> Kind:
    return Kind(group, version, str(entry.get("name")), str(entry.get("kind")))


async def offer(cluster: Reads) -> Offer:
    """Look what the server serves. Raises ApiError."""
    document = await cluster.read("/apis")
    groups: dict[str, tuple[str, ...]] = {}
    for entry in document.get("groups") or ():
        versions = [version["version"] for version in entry["versions"]]
        preferred = (entry.get("preferredVersion") or {}).get("version")
        versions.sort(key=lambda version: version != preferred)
        groups[entry["name"]] = tuple(versions)
    return Offer(cluster, groups)
