"""Which app a visit is for: routes, looked up once per visit with one dictionary look-up per label of its host.

An exact host goes before a wildcard, a longer wildcard before a shorter one, `?.host` before `*.host` and `*` after
all. Among the routes of a host that match, the longest path goes first, an exact one before a prefix of the same
length, and then the one that asks for more headers. A host without a route that matches leaves the visit to the
wildcards.
"""

import bisect
import random
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from torpor.routes import ANY_HOST, Place, Route

type Headers = tuple[tuple[str, str], ...]


class Rule[T](NamedTuple):
    """Routes that differ in nothing but where they lead."""

    headers: Headers
    shares: dict[T, int | None]
    """The one target and None; or those that share the visits, each with its weight."""

    def leads(self, target: T, weight: int | None) -> bool:
        """Whether it leads there, with this weight."""
        return target in self.shares and self.shares[target] == weight

    def pick(self, chosen: T | None) -> T | None:
        """Where this visit goes; None when nobody has any weight."""
        if None in self.shares.values():
            return next(iter(self.shares))
        if chosen is not None and self.shares.get(chosen):
            return chosen
        weights = [weight or 0 for weight in self.shares.values()]
        if not any(weights):
            return None
        return random.choices(list(self.shares), weights)[0]  # noqa: S311 - nobody gains from guessing it


class _Spot[T](NamedTuple):
    """All rules of one host and path, in their order."""

    path: str
    exact: bool
    rules: list[Rule[T]]

    def is_at(self, path: str) -> bool:
        if self.exact:
            return path == self.path
        return not self.path or (path.startswith(self.path) and path[len(self.path) : len(self.path) + 1] in ("", "/"))

    def rule(self, headers: Headers) -> Rule[T] | None:
        return next((rule for rule in self.rules if rule.headers == headers), None)


class RouteTable[T]:
    """Host, path and headers to a target."""

    def __init__(self, routes: Iterable[tuple[Route, T]] = ()) -> None:
        self._by_place: dict[Place, _Spot[T]] = {}
        self._by_host: dict[str, list[_Spot[T]]] = {}
        for route, target in routes:
            self.add(route, target)

    def add(self, route: Route, target: T) -> bool:
        """Add a route. Of two equal ones the first stays, unless both have weights. Says whether it leads there now."""
        spot = self._by_place.get(route.place)
        if spot is None:
            spot = self._by_place[route.place] = _Spot(route.path, route.exact, [])
            bisect.insort(
                self._by_host.setdefault(route.host, []), spot, key=lambda spot: (-len(spot.path), not spot.exact)
            )
        rule = spot.rule(route.headers)
        if rule is None:
            rule = Rule(route.headers, {target: route.weight})
            bisect.insort(spot.rules, rule, key=lambda rule: (-len(rule.headers), rule.headers))
        elif route.weight is not None and None not in rule.shares.values():
            rule.shares.setdefault(target, route.weight)
        return rule.leads(target, route.weight)

    def remove(self, route: Route, target: T) -> None:
        """Take back a route if it leads to this target."""
        spot = self._by_place.get(route.place)
        rule = spot.rule(route.headers) if spot is not None else None
        if spot is None or rule is None or not rule.leads(target, route.weight):
            return
        del rule.shares[target]
        if not rule.shares:
            spot.rules.remove(rule)
        if not spot.rules:
            del self._by_place[route.place]
            spots = self._by_host[route.host]
            spots.remove(spot)
            if not spots:
                del self._by_host[route.host]

    def leads(self, route: Route, target: T) -> bool:
        """Whether exactly this route is there and leads to this target."""
        spot = self._by_place.get(route.place)
        rule = spot.rule(route.headers) if spot is not None else None
        return rule is not None and rule.leads(target, route.weight)

    def rules(self, place: Place) -> list[Rule[T]]:
        """What is asked at this place, in the order in which it is asked."""
        spot = self._by_place.get(place)
        return spot.rules if spot is not None else []

    def find(
        self, host: str, path: str, header: Callable[[str], str | None] | None = None, chosen: T | None = None
    ) -> T | None:
        """The target for a normalised host and a request path (a query may follow it).

        `header` says the value of a header by its name in lower case. `chosen` is the target that was chosen for this
        visit before, where several share it.
        """
        path = path.partition("?")[0]
        for name in _names(host):
            for spot in self._by_host.get(name, ()):
                if spot.is_at(path):
                    for rule in spot.rules:
                        if not rule.headers or (header is not None and _fits(rule.headers, header)):
                            return rule.pick(chosen)
        return None


def _names(host: str) -> Iterator[str]:
    """What a host's routes may be found under, in the order in which they are asked."""
    yield host
    parent = host.partition(".")[2]
    if parent:
        yield f"?.{parent}"
    while parent:
        yield f"*.{parent}"
        parent = parent.partition(".")[2]
    yield ANY_HOST


def _fits(headers: Headers, header: Callable[[str], str | None]) -> bool:
    """Asks for each of them, also when one does not fit: whoever notes what is asked for knows all that decides."""
    return [header(name) for name, _ in headers] == [value for _, value in headers]
