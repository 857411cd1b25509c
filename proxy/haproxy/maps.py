"""What HAProxy's maps hold for an app, and which commands turn what they hold into what they should hold. No I/O.

The order of the commands is the point: what an app is found by, its entry in addresses.map or, with several addresses,
in several.map, is the first to go and the last to come, so that no visit finds half of it.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

from torpor.link import AppView
from torpor.routes import Route
from torpor.words import Address, AppId, Phase, Visitor

ROUTES, WILDCARDS, ADDRESSES, SEVERAL = MAPS = ("routes.map", "wildcards.map", "addresses.map", "several.map")
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

_PLAIN = re.compile(rf"[A-Za-z0-9._/-]{{1,{KEY_LENGTH}}}")


class Entry(NamedTuple):
    """One line of one map."""

    map: str
    key: str
    value: str


def key_of(app: AppId) -> str:
    """The name of an app in the maps and the table: the app's own where that is short and simple."""
    if _PLAIN.fullmatch(app):
        return app
    return "app:" + hashlib.blake2b(app.encode(), digest_size=16).hexdigest()


def is_plain(route: Route) -> bool:
    """Whether the maps can say it."""
    return Route(route.host, route.path) == route and route.host != "*" and not route.host.startswith("?.")


def route_entry(view: AppView, route: Route) -> Entry:
    """The line that leads a host and a path to the app."""
    letters = "".join(letter for visitor, letter in LETTERS.items() if visitor in view.policy.wake_for)
    wild = route.host.startswith("*.")
    key = f"{route.host.removeprefix('*.')}{route.path}/"
    app = key_of(view.id)
    return Entry(WILDCARDS if wild else ROUTES, key, app if letters == USUAL else f"|{letters}|{app}")


def route_of(entry: Entry) -> Route | None:
    """The route that became this line; None for other lines."""
    if entry.map not in (ROUTES, WILDCARDS):
        return None
    host, slash, path = entry.key.removesuffix("/").partition("/")
    return Route(f"*.{host}" if entry.map == WILDCARDS else host, slash + path)


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
