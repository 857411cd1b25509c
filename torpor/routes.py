"""Hosts and paths that lead to an app: how they are written and normalised. How they are matched is in route_table.py.

A route is written `host` or with a path prefix: `example.localhost/docs`. A prefix matches whole path segments only.
The host may be `*.host`, for one or more labels in front of it. That much may stand in torpor.yaml. What a cluster's
objects can say beyond that:

    ?.host                     exactly one label in front of the host, as an Ingress means its wildcards
    *                          any host
    =host/path                 this path only: not what lies below it, and not with another slash at its end
    host/path [name=value]     visits with this header only; all, where there are several. In the value, % and ] and
                               all that is not printable ASCII, or is a blank, are percent-encoded
    host/path @30              one of several apps that share the visits, each by its weight
"""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

ALLOWED = "a host name, *.host or host/path, such as notes.localhost, *.notes.localhost or example.localhost/docs"
LONGEST = 4096
"""Characters of a route as it is written."""
MAX_HEADERS = 16
MAX_WEIGHT = 1_000_000
ANY_HOST = "*"

_WILDCARDS = ("*.", "?.", ANY_HOST)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_IPV6 = re.compile(r"\[[0-9a-f:.]{2,45}\]")
_HEADER = re.compile(r"\[([!#$%&'*+.^_`|~0-9A-Za-z-]{1,256})=([!-\\^-~]*)\]")
_WEIGHT = re.compile(r"@(\d{1,7})")
_AS_IT_IS = "!\"#$&'()*+,/:;<=>?@[\\^`{|}"
"""What is not percent-encoded in a header's value, letters and digits aside."""


class Place(NamedTuple):
    """Where a route begins: of those that are here, headers and weights decide."""

    host: str
    path: str
    exact: bool


class Route(NamedTuple):
    """A normalised route: `host` in lower case without a port, `path` without a trailing slash (`""` is all)."""

    host: str
    path: str
    exact: bool = False
    """The path is meant as it is, with or without a slash at its end."""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, each once and in order, with the whole value that the header must have."""
    weight: int | None = None
    """The app's share among those that have the same route with a weight; None is all of it."""

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.host, self.path, self.exact)

    def __str__(self) -> str:
        headers = "".join(f" [{name}={quote(value, safe=_AS_IT_IS)}]" for name, value in self.headers)
        weight = "" if self.weight is None else f" @{self.weight}"
        return f"{'=' if self.exact else ''}{self.host}{self.path}{headers}{weight}"


def parse_route(text: str) -> Route:
    """The route that is written so. Raises ValueError that says what is allowed."""
    if len(text) > LONGEST:
        raise ValueError(f"{text[:60]!r}… is not a route; the longest have {LONGEST} characters")
    place, *more = text.strip().split(" ")
    exact = place.startswith("=")
    route = _parse_place(text, place.removeprefix("="), _WILDCARDS, exact=exact)
    headers, weight = _parse_more(text, more)
    return route._replace(headers=headers, weight=weight)


def parse_prefix_route(text: str) -> Route:
    """A host and a path prefix, all that torpor.yaml may say. Raises ValueError that says what is allowed."""
    return _parse_place(text, text.strip(), ("*.",))


def _parse_place(text: str, place: str, wildcards: tuple[str, ...], *, exact: bool = False) -> Route:
    name, slash, path = place.partition("/")
    host = name.lower().rstrip(".")
    try:
        host = host.encode("ascii").decode() if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        host = ""
    bare = host[2:] if host[:2] in wildcards else host
    labels_fine = len(bare) <= 253 and all(_LABEL.fullmatch(label) for label in bare.split("."))
    if not (labels_fine or _IPV6.fullmatch(host) or (name == ANY_HOST and ANY_HOST in wildcards)):
        raise ValueError(f"{text!r} is not a route; allowed is {ALLOWED}")
    path = slash + path
    if any(character in path for character in "?#\\ ") or ("*" in path and not exact) or not path.isprintable():
        raise ValueError(f"{text!r} is not a route; a path prefix has no query, fragment, blank or wildcard")
    return Route(host, path or "/" if exact else path.rstrip("/"), exact)


def _parse_more(text: str, more: list[str]) -> tuple[tuple[tuple[str, str], ...], int | None]:
    headers: dict[str, str] = {}
    weight: int | None = None
    for word in more:
        if found := _HEADER.fullmatch(word):
            headers.setdefault(found[1].lower(), unquote(found[2]))  # of two with one name the first counts
        elif (found := _WEIGHT.fullmatch(word)) and weight is None and int(found[1]) <= MAX_WEIGHT:
            weight = int(found[1])
        else:
            raise ValueError(f"{text!r} is not a route; behind the path may be [name=value] and @weight, not {word!r}")
    if len(headers) > MAX_HEADERS:
        raise ValueError(f"{text[:60]!r}… is not a route; it may ask for {MAX_HEADERS} headers, not {len(headers)}")
    return tuple(sorted(headers.items())), weight


def normalise_host(authority: str) -> str:
    """The host of a Host header, for looking up: no port, no trailing dot, lower case."""
    if authority.startswith("["):
        return authority[: authority.find("]") + 1].lower()
    return authority.partition(":")[0].rstrip(".").lower()
