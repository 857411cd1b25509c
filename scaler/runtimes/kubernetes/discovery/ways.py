"""What objects say of host, path and headers, made into a route; two that mean the same become the same."""

from torpor.routes import ANY_HOST, LONGEST, MAX_HEADERS, Route, parse_prefix_route

type Way = Route
"""A route without a weight: who shares it is told apart from where it is."""

_TOKEN = frozenset("!#$%&'*+-.^_`|~")
_WEIGHT_ROOM = 10


def make_way(
    host: str, path: str, *, exact: bool = False, headers: tuple[tuple[str, str], ...] = (), labels: str = "*."
) -> Way:
    """Raises ValueError that says what is wrong. `labels` is how a wildcard of this host is meant: `*.` or `?.`."""
    if not exact and path.endswith("/*"):
        path = path.removesuffix("*")  # as some controllers have it
    if not path.startswith("/") or not path.isprintable() or set(path) & set("?#\\ ") or (not exact and "*" in path):
        raise ValueError(f"the path {path[:60]!r} is not supported: it is neither a plain path nor a prefix")
    if len(headers) > MAX_HEADERS or not all(_is_token(name) for name, _ in headers):
        raise ValueError(f"the header matches are not supported: at most {MAX_HEADERS}, and each with a plain name")
    way = Route(_host(host, labels), path if exact else path.rstrip("/"), exact, tuple(sorted(headers)))
    if len(str(way)) + _WEIGHT_ROOM > LONGEST:
        raise ValueError(f"the route {str(way)[:60]}… is longer than {LONGEST - _WEIGHT_ROOM} characters")
    return way


def _host(written: str, labels: str) -> str:
    if not written:
        return ANY_HOST
    wild = written.startswith("*.")
    try:
        route = parse_prefix_route(written.removeprefix("*."))
    except ValueError:
        route = Route("", "/")
    if route.path or route.host.startswith("*"):
        raise ValueError(f"{written[:60]!r} is not a host")
    return labels + route.host if wild else route.host


def _is_token(name: str) -> bool:
    return 0 < len(name) <= 256 and all((letter.isascii() and letter.isalnum()) or letter in _TOKEN for letter in name)
