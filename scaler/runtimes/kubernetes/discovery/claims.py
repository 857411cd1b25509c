"""Who says where a route leads, and who of several is right: the oldest object, then the first by name.

So both the Ingress specification and the Gateway API want it. A default backend goes after all that ask for any host.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from scaler.runtimes.kubernetes.discovery.ways import Way
from scaler.runtimes.kubernetes.objects.reading import Ref
from scaler.runtimes.kubernetes.objects.service import Backend
from torpor.words import AppId


class Share(NamedTuple):
    """One of the places to which a route leads, and its weight; None where it is the only one."""

    to: Backend
    weight: int | None = None


class Claim(NamedTuple):
    """One object's word on one route."""

    way: Way
    source: Ref
    rank: tuple[bool, str, str, str, str]
    shares: tuple[Share, ...]
    app: AppId | None = None
    """Set where a workload itself says that the route leads to it: to its main door."""


def rank(source: Ref, created: str, *, default: bool = False) -> tuple[bool, str, str, str, str]:
    """Lower is right."""
    return default, created, source.namespace, source.name, source.kind


type ServiceKey = tuple[str, str]
"""A Service's namespace and name."""
type Place = ServiceKey | AppId
"""Where a claim leads: to a Service, or to a workload that says so itself."""


class Touched(NamedTuple):
    """What a change of claims makes worth another look."""

    places: set[Place]
    ways: set[Way]


class Claims:
    """All claims, by who makes them, by what they are about and by where the right ones lead."""

    def __init__(self) -> None:
        self._by_source: dict[Ref, Mapping[Way, Claim]] = {}
        self._by_way: dict[Way, dict[Ref, Claim]] = {}
        self._right: dict[Place, dict[Way, Claim]] = {}

    def put(self, source: Ref, claims: Iterable[Claim]) -> Touched:
        """These are all the claims of this source now; of two on one way the first by rank stays."""
        before = self._by_source.get(source, {})
        after: dict[Way, Claim] = {}
        for claim in claims:
            if claim.way not in after or claim.rank < after[claim.way].rank:
                after[claim.way] = claim
        if after:
            self._by_source[source] = after
        else:
            self._by_source.pop(source, None)
        touched = Touched(set(), set())
        for way in before.keys() | after.keys():
            if before.get(way) != after.get(way):
                self._replace(way, source, after.get(way), touched)
        return touched

    def _replace(self, way: Way, source: Ref, claim: Claim | None, touched: Touched) -> None:
        claims = self._by_way.setdefault(way, {})
        was = self.right(way)
        if claim is None:
            claims.pop(source, None)
        else:
            claims[source] = claim
        if not claims:
            del self._by_way[way]
        touched.ways.add(way)
        now = self.right(way)
        if was == now:
            return
        for place in places(was):
            self._right[place].pop(way, None)
            if not self._right[place]:
                del self._right[place]
        for place in places(now):
            self._right.setdefault(place, {})[way] = now  # type: ignore[assignment]  # it has places: it is one
        touched.places.update(places(was), places(now))

    def right(self, way: Way) -> Claim | None:
        """The claim that holds."""
        claims = self._by_way.get(way)
        return min(claims.values(), key=lambda claim: claim.rank) if claims else None

    def wrong(self, way: Way) -> list[Claim]:
        """The claims that do not hold and lead elsewhere."""
        right = self.right(way)
        if right is None:
            return []
        return [claim for claim in self._by_way[way].values() if (claim.shares, claim.app) != (right.shares, right.app)]

    def sources(self, way: Way) -> Iterable[Ref]:
        """Who claims it."""
        return self._by_way.get(way, {}).keys()

    def leading_to(self, place: Place) -> Mapping[Way, Claim]:
        """The claims that hold and lead there."""
        return self._right.get(place, {})


def places(claim: Claim | None) -> set[Place]:
    """Where a claim leads."""
    if claim is None:
        return set()
    if claim.app is not None:
        return {claim.app}
    return {(share.to.namespace, share.to.service) for share in claim.shares}
