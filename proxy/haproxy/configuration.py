"""Renders everything that HAProxy reads: its configuration, the Lua, the lists of visitors, the error answers."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from proxy.doorman import PROGRESS
from proxy.haproxy.activity import EXPIRE, TABLE, UNCOUNTED
from proxy.haproxy.crt_list import LIST
from proxy.haproxy.maps import KEY_LENGTH, LETTERS
from proxy.visitors import AUTOMATED, CRAWLERS, MONITORS, NOT_CRAWLERS
from torpor.problem import CONTENT_TYPE, problem
from torpor.words import Visitor

RESERVE = 50
"""At most so many connections are told at once that there are too many; more wait for that."""
RETURNING = 10
"""Visitors' connections for each that may be on its way back from an app."""
LUA = ("answers.lua", "doorman.lua", "routes.lua", "unusual.lua", "forwarded.lua", "orphan.lua")
UNUSUAL = (
    r"[\t\r\x20-\x7e\x80-\xff]*+[^\n]",  # a control character
    r"host: (?!(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{0,5})?\r)",
    r"content-length: (?:0[0-9]|[0-9]{19})",  # longer than HAProxy's counter
    r"transfer-encoding: (?!(?i:chunked)\r)",  # HAProxy undoes only the last coding, and reads over empty ones
    r"(?:content_length|transfer_encoding): ",
    r"connection: (?!(?i:keep-alive|close)\r)",
    r"te: (?!(?i:trailers)\r)",
    r"(?:keep-alive|http2-settings|upgrade|sec-purpose|purpose): ",
    r"(?:proxy|forwarded|x[-_](?:forwarded[-_]|real[-_]ip))",
)
"""Lines of a head that unusual.lua has to look at, as regular expressions for their begin."""
UNUSUAL_ANSWER = (r"connection: (?!(?i:keep-alive|close|upgrade)\r)", r"keep-alive: ", r"proxy")
"""The same of an app's answer."""

STUCK = 6.0
"""Seconds without an answer of the proxy process after which HAProxy asks it about each visit: longer than it needs to
notice a lost link (link.SILENCE), and much shorter than the scaler needs to give up on it (link.LEASE)."""
KEPT = 5
"""Processes that were replaced and still have visits. Each holds the memory of a whole HAProxy; more are not kept."""

_ERRORS = {
    400: "The request cannot be understood.",
    403: "The request is not allowed.",
    408: "The request did not arrive in time.",
    413: "The request is too large.",
    500: "The proxy failed.",
    501: "This method is not served here.",
    502: "The app did not answer properly.",
    503: "The app cannot be reached just now. Try again in a moment.",
    504: "The app did not answer in time.",
}
"""The errors that HAProxy tells by itself, in Torpor's words."""

FULL = "Too many connections; try again in a moment."


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds."""

    head: float = 30.0
    """For a request's head, from its first byte."""
    body: float = 120.0
    """For the next KiB of a request's body, while its app has not begun to answer."""
    idle: float = 75.0
    """Between two requests on a connection."""
    client: float = 300.0
    """For a client that takes nothing of what is there for it."""
    connect: float = 5.0
    fin: float = 30.0
    """For the other side of a tunnel, when one has closed its own."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Visitors may come in over TLS as well."""

    listen: tuple[str, int]
    certificates: Path
    """The directory of certificates and keys."""
    redirect: bool = False
    """Whether those who come without are sent there."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much HAProxy may take."""

    threads: int
    max_connections: int
    """From visitors."""

    @property
    def reserve(self) -> int:
        """Connections beyond, for those who are told that there are too many."""
        return max(5, min(RESERVE, self.max_connections // 10))

    @property
    def max_returning(self) -> int:
        """Visits that are back from an app that did not take them, at once; more wait for their turn."""
        return max(10, self.max_connections // RETURNING)


def render(
    sizes: Sizes, trusted: Iterable[str], timeouts: Timeouts, orphan: float, tls: Tls | None = None
) -> dict[str, str]:
    """All files but the maps, by name."""
    environment = Environment(
        loader=PackageLoader("proxy.haproxy", "files"),
        autoescape=False,  # noqa: S701 - not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    folder = files("proxy.haproxy") / "files"
    made = {name: (folder / name).read_text("utf-8") for name in LUA}
    made["agents.map"] = _agents()
    made |= {f"errors/{status}.http": _answer(status, detail) for status, detail in _ERRORS.items()}
    made["errors/full.http"] = _answer(503, FULL)
    made["haproxy.cfg"] = environment.get_template("haproxy.cfg.j2").render(
        sizes=sizes,
        trusted=tuple(trusted),
        timeouts={name: f"{round(getattr(timeouts, name) * 1000)}ms" for name in Timeouts.__slots__},
        errors=sorted(_ERRORS),
        table=TABLE,
        expire=EXPIRE,
        key_length=KEY_LENGTH + len(UNCOUNTED),
        unusual=_any_line(UNUSUAL),
        unusual_answer=_any_line(UNUSUAL_ANSWER),
        progress=PROGRESS,
        tls=tls,
        crt_list=LIST,
        orphan=round(orphan),
        stuck=round(STUCK),
        kept=KEPT,
    )
    return made


def fingerprint(made: dict[str, str]) -> str:
    """Tells whether a running HAProxy was started from the same files."""
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()


def _answer(status: int, detail: str) -> str:
    """A whole answer, as HAProxy's parser sends it, which knows of no headers of its own."""
    body = json.dumps(problem(status, detail))
    retry = "Retry-After: 1\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {CONTENT_TYPE}\r\nCache-Control: no-store\r\n"
        f"{retry}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    )


def _any_line(patterns: Iterable[str]) -> str:
    """Matches a head with a line that begins so, quoted for the configuration."""
    return f"'(?m)^(?:{'|'.join(patterns)})'"


def _agents() -> str:
    """A map from user agents in lower case to who they are, in the order in which they are looked up."""
    kinds = {
        Visitor.MONITOR: "|".join(map(re.escape, MONITORS)),
        Visitor.CRAWLER: f"^(?!.*(?:{NOT_CRAWLERS.pattern})).*(?:{CRAWLERS.pattern})",
        Visitor.AUTOMATED_BROWSER: "|".join(map(re.escape, AUTOMATED)),
    }
    lines = ((pattern.replace("\\ ", " ").replace(" ", r"\x20"), LETTERS[kind]) for kind, pattern in kinds.items())
    return "".join(f"{pattern} {letter}\n" for pattern, letter in lines)
