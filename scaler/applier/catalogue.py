"""Which of the server's kinds may be applied, and in which order: configuration before what needs it."""

from collections.abc import Sequence
from typing import NamedTuple

from scaler.applier.manifests import Manifest
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.kinds import Kind, Offer, offer
from torpor.yamlfile import Mistake, YamlError

FIRST = ("configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims", "services")
"""What pods look for when they start."""


class Target(NamedTuple):
    """A manifest and the kind that it is of."""

    manifest: Manifest
    kind: Kind


class Catalogue:
    """As of one look at the server."""

    def __init__(self, offered: Offer, allowed: Sequence[str], kinds: Sequence[Kind]) -> None:
        self._offered = offered
        self._allowed = frozenset(allowed)
        self.kinds = tuple(kinds)
        """Those that may be applied and that the server has."""

    async def targets(self, manifests: Sequence[Manifest]) -> list[Target]:
        """In the order in which they are applied. Raises YamlError, ApiError."""
        found: list[Target] = []
        mistakes: list[Mistake] = []
        for one in manifests:
            kind = await self._offered.kind(one.api_version, one.kind)
            if kind is None:
                message = f"the cluster has no {one.kind} of {one.api_version} in its namespaces"
                mistakes.append(one.mistake(message, "kind"))
            elif kind.resource not in self._allowed:
                allowed = f"kubernetes.apply.kinds allows {', '.join(sorted(self._allowed)) or 'nothing'}"
                mistakes.append(one.mistake(f"{kind.resource} may not be applied; {allowed}", "kind"))
            else:
                found.append(Target(one, kind))
        if mistakes:
            raise YamlError(mistakes)
        return sorted(found, key=lambda target: rank(target.kind))


def rank(kind: Kind) -> int:
    """Where a kind stands in the order."""
    return FIRST.index(kind.resource) if kind.resource in FIRST else len(FIRST)


async def look(cluster: Cluster, allowed: Sequence[str]) -> Catalogue:
    """What the server serves now. Raises ApiError."""
    offered = await offer(cluster)
    kinds = [kind for name in allowed if (kind := await offered.named(name)) is not None]
    return Catalogue(offered, allowed, kinds)
