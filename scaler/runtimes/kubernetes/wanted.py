"""Which kinds of objects are wanted, and in which versions a cluster has them: always, perhaps, and named by operators.

Definitions of kinds are made and taken away while a cluster runs, and the API server tells nobody. So what is missing
is looked for again and again, and what is watched is let be until the server says that there is no such thing: the list
of what it serves may lag behind right after it has started, and that must cost no route.
"""

import logging
from collections.abc import Callable, Iterable, Sequence

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.kinds import Kind, NotScalable, Offer, Reads, offer
from scaler.runtimes.kubernetes.objects.endpoints import BY, CONTROLLER

logger = logging.getLogger(__name__)

ALWAYS = (
    *(kinds.NAMESPACES, kinds.DEPLOYMENTS, kinds.STATEFUL_SETS),
    *(kinds.SERVICES, kinds.ENDPOINT_SLICES, kinds.INGRESSES, kinds.AUTOSCALERS),
)
"""What discovery needs and every cluster has."""
NARROWED = {kinds.ENDPOINT_SLICES: f"{BY}!={CONTROLLER}"}
"""Label selectors for kinds of which most do not matter: the controller's slices change with every pod."""
PERHAPS = (kinds.HTTP_ROUTES, kinds.GATEWAYS, kinds.REFERENCE_GRANTS, kinds.SCALED_OBJECTS)
"""What some clusters have."""


class Wanted:
    """`scalable` are the kinds that an operator names beside Deployments and StatefulSets."""

    def __init__(self, cluster: Reads, scalable: Sequence[str]) -> None:
        self._cluster = cluster
        self._scalable = dict.fromkeys(scalable)
        self._perhaps: dict[tuple[Kind, ...], Kind] = {}
        self._named: dict[str, Kind] = {}
        self._missed: set[str] = set()

    @property
    def perhaps(self) -> Iterable[Kind]:
        """Those that this cluster has, and another may not."""
        return self._perhaps.values()

    @property
    def named(self) -> Iterable[Kind]:
        """What can be scaled beside Deployments and StatefulSets."""
        return self._named.values()

    async def look(self) -> None:
        """See what there is. Raises ApiError."""
        found = await offer(self._cluster)
        for wanted in PERHAPS:
            if (kind := await found.first(wanted)) is not None:
                self._perhaps[wanted] = kind
        for name in self._scalable:
            _set(self._named, name, await self._scaled(found, name))

    async def look_again(self, denied: Callable[[Kind], bool]) -> None:
        """See what has come, and what has gone of that which is `denied`. Asks for nothing when there is nothing to
        find. Raises ApiError."""
        perhaps = [wanted for wanted in PERHAPS if self._open(self._perhaps.get(wanted), denied)]
        named = [name for name in self._scalable if self._open(self._named.get(name), denied)]
        if not perhaps and not named:
            return
        found = await offer(self._cluster)
        for wanted in perhaps:
            before = self._perhaps.get(wanted)
            kind = await found.first(wanted if before is None else (before, *wanted))
            _set(self._perhaps, wanted, kind)
        for name in named:
            _set(self._named, name, await self._scaled(found, name))

    @staticmethod
    def _open(known: Kind | None, denied: Callable[[Kind], bool]) -> bool:
        return known is None or denied(known)

    async def _scaled(self, found: Offer, name: str) -> Kind | None:
        """What an operator has named; said once while it is not there, for all other apps are none the worse for it."""
        try:
            kind = await found.scalable(name)
        except NotScalable as error:
            if name not in self._missed:
                logger.warning("kubernetes.scalable: %s; it is looked for again and again", error)
            self._missed.add(name)
            return None
        self._missed.discard(name)
        return kind


def _set[K](known: dict[K, Kind], key: K, kind: Kind | None) -> None:
    if kind is None:
        known.pop(key, None)
    else:
        known[key] = kind
