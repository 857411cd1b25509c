"""What HAProxy's maps hold for an app, and which commands turn what they hold into what they should hold. No I/O.

The order of the commands is the point: what an app is found by, its entry in addresses.map or, with several addresses,
in several.map, is the first to go and the last to come, so that no visit finds half of it.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

from torpor.link import AppView
from torpor.route_table import Headers
from torpor.routes import Place
from torpor.words import Address, AppId, Phase, Visitor

CHOICES, ROUTES, WILDCARDS, ADDRESSES, SEVERAL = MAPS = (
    *("choices.map", "routes.map", "wildcards.map"),
    *("addresses.map", "several.map"),
)
EXACT = "?"
"""Ends the key of an exact path, and of what is looked up. It is in no path: a query begins with it."""
CHOICE = "|*|"
"""Begins the value of a place where headers or weights decide: its key's length, its rules' name, and their number."""
LONGEST_RULE = 8 * 1024
"""Characters; for what does not fit a command to HAProxy the doorman is asked."""
LETTERS = {
    Visitor.PERSON: "p",
    Visitor.AUTOMATED_BROWSER: "a",
    Visitor.PROGRAM: "g",
    Visitor.CRAWLER: "c",
    Visitor.MONITOR: "m",
}
"""Whose visits count, as the routes' values say it, in this order."""
USUAL = "pag"
"""Who usually may wake; that is not said."""
KEY_LENGTH = 100

_PLAIN = re.compile(rf"[A-Za-z0-9._/:-]{{1,{KEY_LENGTH}}}")


class Entry(NamedTuple):
    """One line of one map."""

    map: str
    key: str
    value: str


def key_of(app: AppId) -> str:
    """The name of an app in the maps and the table: the app's own where that is short and simple."""
    if _PLAIN.fullmatch(app):
        return app
    return "+" + hashlib.blake2b(app.encode(), digest_size=16).hexdigest()


def place_entries(place: Place, rules: Sequence[tuple[Headers, Sequence[tuple[AppView, int | None]]]]) -> list[Entry]:
    """The lines that lead a host and a path to the app; or where headers or weights decide, to the rules for that."""
    name = WILDCARDS if place.host.startswith(("*", "?")) else ROUTES
    key = f"{place.host}{place.path}/{EXACT if place.exact else ''}"
    if len(rules) == 1 and not rules[0][0] and len(rules[0][1]) == 1 and rules[0][1][0][1] != 0:
        return [Entry(name, key, _who(rules[0][1][0][0]))]
    texts = [_rule(headers, shares) for headers, shares in rules]
    digest = hashlib.blake2b("\n".join([key, *texts]).encode(), digest_size=12).hexdigest()
    lines = [Entry(CHOICES, f"{digest}={turn}", text) for turn, text in enumerate(texts) if len(text) <= LONGEST_RULE]
    return [*lines, Entry(name, key, f"{CHOICE}{len(key.encode())}|{digest}|{len(texts)}")]


def place_of(entry: Entry) -> Place | None:
    """The place that this line is found at; None for lines that are found otherwise."""
    if entry.map not in (ROUTES, WILDCARDS):
        return None
    exact = entry.key.endswith(f"/{EXACT}")
    host, slash, path = entry.key.removesuffix(EXACT).removesuffix("/").partition("/")
    return Place(host, slash + path, exact)


def _who(view: AppView) -> str:
    """An app, and before it who may wake it where that is not who usually may."""
    letters = "".join(letter for visitor, letter in LETTERS.items() if visitor in view.policy.wake_for)
    app = key_of(view.id)
    return app if letters == USUAL else f"|{letters}|{app}"


def _rule(headers: Headers, shares: Sequence[tuple[AppView, int | None]]) -> str:
    """Which headers it asks for, and each app's share; as `a=1&b=2,30=app,70=other`."""
    wanted = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in headers)
    return ",".join(
        [wanted, *(f"{1 if weight is None else weight}={_who(view)}" for view, weight in shares if weight != 0)]
    )


def address_entries(view: AppView) -> list[Entry]:
    """The lines that let visits to the app pass; none unless it is awake."""
    if view.phase is not Phase.AWAKE or not view.addresses:
        return []
    app = key_of(view.id)
    if len(view.addresses) == 1:
        return [Entry(ADDRESSES, app, _address(view.addresses[0]))]
    lines = [Entry(ADDRESSES, f"{app}={turn}", _address(address)) for turn, address in enumerate(view.addresses)]
    return [*lines, Entry(SEVERAL, app, str(len(lines)))]


def commands(before: list[Entry], after: list[Entry]) -> Iterator[str]:
    """What to tell HAProxy so that some apps' lines become others. A route that moves from one to another is in both,
    for `del map` takes out all that have its key."""
    had = {(entry.map, entry.key): entry.value for entry in before}
    wanted = {(entry.map, entry.key): entry.value for entry in after}
    gone = [place for place in reversed(had) if place not in wanted]
    still_open = any(name in (ADDRESSES, SEVERAL) for name, _ in wanted)
    if not still_open:
        yield from (_delete(place) for place in gone)
    for (name, key), value in wanted.items():
        if (name, key) not in had:
            yield f"add map {name} {_escape(key)} {value}"
        elif had[name, key] != value:
            yield f"set map {name} {_escape(key)} {value}"
    if still_open:
        yield from (_delete(place) for place in gone)


def _delete(place: tuple[str, str]) -> str:
    name, key = place
    return f"del map {name} {_escape(key)}"


def _address(address: Address) -> str:
    return f"{address.host}|{address.port}"


def _escape(key: str) -> str:
    """For the command line of the runtime socket, where these have a meaning."""
    return re.sub(r"([\\;<\"'])", r"\\\1", key)
