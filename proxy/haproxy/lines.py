"""What the lines of HAProxy's maps should be, as the table has the apps."""

from collections.abc import Iterable, Iterator

from proxy.haproxy import maps
from proxy.haproxy.maps import MAPS, Entry, route_of
from proxy.table import AppTable, routes_of
from torpor.link import AppView
from torpor.routes import Route
from torpor.words import AppId


class Lines:
    """Of all apps. An app's routes are made into lines once, and again when it has changed."""

    def __init__(self, table: AppTable) -> None:
        self._table = table
        self._made: dict[AppId, tuple[AppView, list[tuple[Route, Entry]]]] = {}
        """The routes' lines of the apps as they were when these were made."""

    def all(self) -> dict[AppId, list[Entry]]:
        """The lines of every app."""
        return {known.view.id: self.of(known.view.id) for known in self._table}

    def of(self, app: AppId) -> list[Entry]:
        """The lines of one app; none when there is no such app."""
        known = self._table.get(app)
        if known is None:
            self._made.pop(app, None)
            return []
        view = known.view
        made = self._made.get(app)
        if made is None or made[0] is not view:
            routes = dict.fromkeys(route for route in routes_of(view) if maps.is_plain(route))
            made = self._made[app] = (view, [(route, maps.route_entry(view, route)) for route in routes])
        lines = [line for route, line in made[1] if self._table.leads(route, app)]
        return lines + (maps.address_entries(view) if self._table.linked else [])

    def heirs(self, gone: Iterable[Entry]) -> Iterator[AppId]:
        """The apps whose routes these lines are now."""
        for entry in gone:
            if (route := route_of(entry)) is not None:
                for rule in self._table.rules(route.place):
                    yield from rule.shares


def by_map(lines: Iterable[list[Entry]]) -> dict[str, list[Entry]]:
    """The same lines, as each map holds them."""
    sorted_out: dict[str, list[Entry]] = {name: [] for name in MAPS}
    for entries in lines:
        for entry in entries:
            sorted_out[entry.map].append(entry)
    return sorted_out
