"""The routes that an Ingress asks for: hosts, paths and default backend, as the Ingress specification means them."""

from scaler.runtimes.kubernetes.discovery.claims import Claim, Share, rank
from scaler.runtimes.kubernetes.discovery.found import Problem, Reason
from scaler.runtimes.kubernetes.discovery.ways import make_way
from scaler.runtimes.kubernetes.objects.ingress import HostRule, Ingress, NoBackend, PathRule
from scaler.runtimes.kubernetes.objects.service import Backend

MOST_ROUTES = 10_000
"""Of one object; what goes beyond is reported and left out."""


def ingress_claims(ingress: Ingress) -> tuple[list[Claim], list[Problem]]:
    """Its claims, and what of it cannot be served. Everything else in it is served all the same."""
    claims: list[Claim] = []
    problems: list[Problem] = []

    def claim(host: str, path: PathRule, *, default: bool = False) -> None:
        if isinstance(path.backend, NoBackend):
            problems.append(_no_backend(ingress, host, path.path, path.backend))
            return
        try:
            way = make_way(host, path.path, exact=path.exact, labels="?.")
        except ValueError as error:
            problems.append(_not_supported(ingress, str(error)))
            return
        place = rank(ingress.ref, ingress.created, default=default)
        claims.append(Claim(way, ingress.ref, place, (Share(path.backend),)))

    default = ingress.default
    for rule in ingress.rules:
        for path in rule.paths or _whole(rule, default):
            if len(claims) >= MOST_ROUTES:
                problems.append(_too_many(ingress))
                return claims, problems
            claim(rule.host, path)
        if not rule.paths and default is None:
            problems.append(_no_backend(ingress, rule.host, "/", NoBackend("neither paths nor a default backend")))
    if default is not None:
        claim("", PathRule("/", False, default), default=True)
    elif not ingress.rules:
        problems.append(_no_backend(ingress, "", "/", NoBackend("neither rules nor a default backend")))
    return claims, problems


def _whole(rule: HostRule, default: Backend | NoBackend | None) -> tuple[PathRule, ...]:
    """A rule without paths leads to the default backend."""
    return (PathRule("/", False, default),) if isinstance(default, Backend) and rule.host else ()


def _no_backend(ingress: Ingress, host: str, path: str, backend: NoBackend) -> Problem:
    return Problem(
        ingress.ref,
        None,
        Reason.ROUTE_WITHOUT_BACKEND,
        f"{host[:253] or 'any host'}{path[:100]} leads to {backend.what}",
        "Give it a backend with a Service and one of its ports: backend.service.name and backend.service.port.",
    )


def _not_supported(ingress: Ingress, message: str) -> Problem:
    fix = "Use host names or *.host, and paths of the type Exact or Prefix without wildcards or regular expressions."
    return Problem(ingress.ref, None, Reason.ROUTE_NOT_SUPPORTED, message, fix)


def _too_many(ingress: Ingress) -> Problem:
    message = f"it has more than {MOST_ROUTES} routes; the rest is left out"
    return Problem(ingress.ref, None, Reason.ROUTE_NOT_SUPPORTED, message, "Spread them over several Ingresses.")
