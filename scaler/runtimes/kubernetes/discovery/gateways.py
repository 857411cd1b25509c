"""All HTTPRoutes with what decides on them beside themselves: Gateways, grants, the labels of their namespaces."""

from collections.abc import Mapping

from scaler.runtimes.kubernetes.discovery.claims import Claim, ServiceKey
from scaler.runtimes.kubernetes.discovery.found import Problem
from scaler.runtimes.kubernetes.discovery.httproutes import attached, httproute_claims
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.gateway import Gateway
from scaler.runtimes.kubernetes.objects.httproute import Grant, HttpRoute
from scaler.runtimes.kubernetes.objects.reading import Ref


class Gateways:
    """An index of HTTPRoutes. What changes one of the others says which routes have to be looked at again."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._routes: dict[Ref, HttpRoute] = {}
        self._at: dict[ServiceKey, dict[Ref, None]] = {}
        self._across: dict[str, dict[Ref, None]] = {}
        self._inside: dict[str, dict[Ref, None]] = {}
        self._gateways: dict[ServiceKey, Gateway] = {}
        self._grants: dict[str, dict[Ref, Grant]] = {}

    def route(self, before: HttpRoute | None, after: HttpRoute | None) -> set[Ref]:
        """A route has changed."""
        touched: set[Ref] = set()
        for route in (before, after):
            if route is None:
                continue
            touched.add(route.ref)
            there = route is after
            _mark(self._at, {(parent.namespace, parent.name) for parent in route.parents}, route.ref, there=there)
            _mark(self._across, _across(route), route.ref, there=there)
            _mark(self._inside, {route.ref.namespace}, route.ref, there=there)
        for ref in touched:
            self._routes.pop(ref, None)
        if after is not None:
            self._routes[after.ref] = after
        return touched

    def gateway(self, before: Gateway | None, after: Gateway | None) -> set[Ref]:
        """A Gateway has changed."""
        touched: set[Ref] = set()
        for gateway in (before, after):
            if gateway is not None:
                key = gateway.ref.namespace, gateway.ref.name
                touched.update(self._at.get(key, ()))
                self._gateways.pop(key, None)
                if gateway is after:
                    self._gateways[key] = gateway
        return touched

    def grant(self, before: Grant | None, after: Grant | None) -> set[Ref]:
        """A ReferenceGrant has changed."""
        touched: set[Ref] = set()
        for grant in (before, after):
            if grant is not None:
                grants = self._grants.setdefault(grant.ref.namespace, {})
                grants.pop(grant.ref, None)
                if grant is after:
                    grants[grant.ref] = grant
                elif not grants:
                    del self._grants[grant.ref.namespace]
                touched.update(self._across.get(grant.ref.namespace, ()))
        return touched

    def namespace(self, name: str) -> set[Ref]:
        """A namespace's labels have changed: listeners may select on them."""
        return set(self._inside.get(name, ()))

    def claims(self, ref: Ref, labels: Mapping[str, str]) -> tuple[list[Claim], list[Problem]]:
        """What a route asks for now. `labels` are its namespace's."""
        route = self._routes.get(ref)
        hosts = attached(route, self._serve, self._gateways, labels) if route is not None else None
        if route is None or hosts is None:
            return [], []
        return httproute_claims(route, hosts, self._granted)

    def _granted(self, source: str, key: ServiceKey) -> bool:
        namespace, service = key
        return any(
            source in grant.sources and (grant.services is None or service in grant.services)
            for grant in self._grants.get(namespace, {}).values()
        )


def _across(route: HttpRoute) -> set[str]:
    """The other namespaces that it leads to."""
    namespaces = {weighted.backend.namespace for rule in route.rules for weighted in rule.backends}
    return namespaces - {route.ref.namespace}


def _mark[K](index: dict[K, dict[Ref, None]], keys: set[K], ref: Ref, *, there: bool) -> None:
    for key in keys:
        refs = index.setdefault(key, {})
        refs.pop(ref, None)
        if there:
            refs[ref] = None
        elif not refs:
            del index[key]
