"""Hosts and paths that lead to an app: how they are written, normalised and matched.

A route is written `host`, `*.host` or either with a path prefix: `example.localhost/docs`. The wildcard stands for
one or more labels. Of the routes that match, an exact host goes before a wildcard, a longer wildcard before a
shorter one, and among equals the longer path prefix wins. A prefix matches whole path segments only.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

ALLOWED = "a host name, *.host or host/path, such as notes.localhost, *.notes.localhost or example.localhost/docs"

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_IPV6 = re.compile(r"\[[0-9a-f:.]{2,45}\]")


class Route(NamedTuple):
    """A normalised route: `host` in lower case without a port, `path` without a trailing slash (`""` is all)."""

    host: str
    path: str

    def __str__(self) -> str:
        return self.host + self.path


def parse_route(text: str) -> Route:
    """The route that is written so. Raises ValueError that says what is allowed."""
    host, slash, path = text.strip().partition("/")
    host = host.lower().rstrip(".")
    try:
        host = host.encode("ascii").decode() if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        host = ""
    bare = host.removeprefix("*.")
    labels_fine = len(bare) <= 253 and all(_LABEL.fullmatch(label) for label in bare.split("."))
    if not (labels_fine or _IPV6.fullmatch(host)):
        raise ValueError(f"{text!r} is not a route; allowed is {ALLOWED}")
    path = (slash + path).rstrip("/")
    if any(character in path for character in "?#*\\ ") or not path.isprintable():
        raise ValueError(f"{text!r} is not a route; a path prefix has no query, fragment, blank or wildcard")
    return Route(host, path)


def normalise_host(authority: str) -> str:
    """The host of a Host header, for looking up: no port, no trailing dot, lower case."""
    if authority.startswith("["):
        return authority[: authority.find("]") + 1].lower()
    return authority.partition(":")[0].rstrip(".").lower()


class RouteTable[T]:
    """Host and path to a target, looked up once per visit: one dictionary look-up per label of the host."""

    def __init__(self, routes: Iterable[tuple[Route, T]] = ()) -> None:
        self._by_host: dict[str, list[tuple[str, T]]] = {}
        for route, target in routes:
            self.add(route, target)

    def add(self, route: Route, target: T) -> None:
        """Add a route; of two equal routes the first stays."""
        paths = self._by_host.setdefault(route.host, [])
        if all(path != route.path for path, _ in paths):
            paths.append((route.path, target))
            paths.sort(key=lambda entry: -len(entry[0]))

    def remove(self, route: Route, target: T) -> None:
        """Take back a route if it leads to this target."""
        paths = self._by_host.get(route.host, [])
        kept = [entry for entry in paths if entry != (route.path, target)]
        if kept:
            self._by_host[route.host] = kept
        else:
            self._by_host.pop(route.host, None)

    def get(self, route: Route) -> T | None:
        """The target of exactly this route."""
        return next((target for path, target in self._by_host.get(route.host, ()) if path == route.path), None)

    def find(self, host: str, path: str) -> T | None:
        """The target for a normalised host and a request path (a query may follow it)."""
        if (paths := self._by_host.get(host)) and (found := _match(paths, path)) is not None:
            return found
        parent = host
        while "." in parent:
            parent = parent.partition(".")[2]
            if (paths := self._by_host.get("*." + parent)) and (found := _match(paths, path)) is not None:
                return found
        return None


def _match[T](paths: list[tuple[str, T]], path: str) -> T | None:
    for prefix, target in paths:
        if not prefix or (path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/", "?")):
            return target
    return None
