"""The routes that an HTTPRoute asks for, as the Gateway API means them.

What it asks for beyond host, path, headers and weights is not done by half: that rule or match is left out and told.
"""

from collections.abc import Callable, Mapping

from scaler.runtimes.kubernetes.discovery.claims import Claim, ServiceKey, Share, rank
from scaler.runtimes.kubernetes.discovery.found import Problem, Reason
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.discovery.ways import make_way
from scaler.runtimes.kubernetes.objects.gateway import Gateway, Listener
from scaler.runtimes.kubernetes.objects.httproute import HttpMatch, HttpRoute, HttpRule, Parent, Weighted

MOST_ROUTES = 10_000

type Granted = Callable[[str, ServiceKey], bool]
"""Whether HTTPRoutes of this namespace may lead to that Service of another."""


def attached(
    route: HttpRoute, serve: Serve, gateways: Mapping[ServiceKey, Gateway], labels: Mapping[str, str]
) -> list[str] | None:
    """The hosts at which it is attached to Gateways that are ours (empty text: any); None where it is to none.

    `labels` are those of its namespace, on which a listener may select.
    """
    hosts: dict[str, None] = {}
    ours = False
    for parent in route.parents:
        gateway = gateways.get((parent.namespace, parent.name))
        if not serve.gateway(parent, gateway):
            continue
        ours = True
        if gateway is None:
            hosts.update(dict.fromkeys(route.hostnames or ("",)))
            continue
        for listener in gateway.listeners:
            if _takes(listener, parent, route, labels):
                hosts.update(dict.fromkeys(_common(listener.hostname, route.hostnames)))
    return list(hosts) if ours else None


def _takes(listener: Listener, parent: Parent, route: HttpRoute, labels: Mapping[str, str]) -> bool:
    if parent.section not in ("", listener.name) or parent.port not in (None, listener.port):
        return False
    match listener.takes:
        case "All":
            return True
        case "Selector":
            return listener.namespaces.matches(labels)
        case _:
            return parent.namespace == route.ref.namespace


def _common(listener: str, hostnames: tuple[str, ...]) -> list[str]:
    """Hosts that both stand for; of a wildcard and what it holds, the narrower."""
    if not hostnames:
        return [listener]
    return [narrow for host in hostnames if (narrow := _narrower(listener, host.lower())) is not None]


def _narrower(one: str, other: str) -> str | None:
    if not one or one == other:
        return other
    if one.startswith("*.") and other.endswith(one[1:]):
        return other
    return one if other.startswith("*.") and one.endswith(other[1:]) else None


def httproute_claims(route: HttpRoute, hosts: list[str], granted: Granted) -> tuple[list[Claim], list[Problem]]:
    """Its claims at these hosts, and what of it cannot be served. Everything else in it is served all the same."""
    claims: list[Claim] = []
    problems: list[Problem] = []
    if not hosts:
        problems.append(_problem(route, "no listener of its Gateway takes it", _ATTACH))
    for rule in route.rules:
        shares = _shares(route, rule, granted, problems)
        for match in rule.matches:
            if match.beyond:
                problems.append(_problem(route, f"{match.path[:100]} asks for {match.beyond}", _MATCH))
            elif shares:
                claims += _claims(route, hosts, match, shares, problems)
        if len(claims) > MOST_ROUTES:
            problems.append(_problem(route, f"it has more than {MOST_ROUTES} routes; the rest is left out", _SPREAD))
            return claims[:MOST_ROUTES], problems
    return claims, problems


_ATTACH = "Let parentRefs, hostnames and the listener's hostname and allowedRoutes agree."
_MATCH = "Match on the path (Exact, PathPrefix) and on whole header values only; everything else is left to the app."
_FILTER = "Take the filter away, or do it in the app or in a proxy in front of Torpor."
_SPREAD = "Spread them over several HTTPRoutes."
_BACKEND = "Let backendRefs name a Service and its port."
_WEIGHT = "Give at least one of the backends a weight above 0."
_GRANT = "Create a ReferenceGrant in {} that lets HTTPRoutes of {} refer to this Service, or move one to the other."


def _claims(
    route: HttpRoute, hosts: list[str], match: HttpMatch, shares: tuple[Share, ...], problems: list[Problem]
) -> list[Claim]:
    claims = []
    for host in hosts:
        try:
            way = make_way(host, match.path, exact=match.exact, headers=match.headers)
        except ValueError as error:
            problems.append(_problem(route, str(error), _MATCH))
        else:
            claims.append(Claim(way, route.ref, rank(route.ref, route.created), shares))
    return claims


def _shares(route: HttpRoute, rule: HttpRule, granted: Granted, problems: list[Problem]) -> tuple[Share, ...]:
    if rule.beyond:
        problems.append(_problem(route, f"a rule has {rule.beyond}", _FILTER))
        return ()
    usable = [backend for backend in rule.backends if _usable(route, backend, granted, problems)]
    if not usable:
        fix = _WEIGHT if rule.backends else _BACKEND
        problems.append(Problem(route.ref, None, Reason.ROUTE_WITHOUT_BACKEND, "a rule leads nowhere", fix))
        return ()
    if len(usable) == 1:
        return (Share(usable[0].backend),)
    return tuple(Share(backend.backend, backend.weight) for backend in usable)


def _usable(route: HttpRoute, backend: Weighted, granted: Granted, problems: list[Problem]) -> bool:
    to = backend.backend
    if backend.beyond:
        problems.append(_problem(route, f"a rule has {backend.beyond}", _BACKEND))
        return False
    if to.namespace != route.ref.namespace and not granted(route.ref.namespace, (to.namespace, to.service)):
        fix = _GRANT.format(to.namespace, route.ref.namespace)
        message = f"it may not lead to the Service {to.namespace}/{to.service}: nobody there has granted it"
        problems.append(Problem(route.ref, None, Reason.NOT_GRANTED, message, fix))
        return False
    return backend.weight > 0


def _problem(route: HttpRoute, message: str, fix: str) -> Problem:
    return Problem(route.ref, None, Reason.ROUTE_NOT_SUPPORTED, message, fix)
