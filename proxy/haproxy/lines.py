"""What the lines of HAProxy's maps should be, as the table has the apps."""

from collections.abc import Iterable, Iterator

from proxy.haproxy import maps
from proxy.haproxy.maps import MAPS, Entry, place_of
from proxy.table import AppTable
from torpor.routes import Place
from torpor.words import AppId


class Lines:
    """Of all apps. Where several are found at one place, each of them has that place's lines."""

    def __init__(self, table: AppTable) -> None:
        self._table = table

    def all(self) -> dict[AppId, list[Entry]]:
        """The lines of every app."""
        return {known.view.id: self.of(known.view.id) for known in self._table}

    def of(self, app: AppId) -> list[Entry]:
        """The lines of one app; none when there is no such app."""
        known = self._table.get(app)
        if known is None:
            return []
        places = dict.fromkeys(route.place for route in known.routes if self._table.leads(route, app))
        lines = [line for place in places for line in self._at(place)]
        return lines + (maps.address_entries(known.view) if self._table.linked else [])

    def sharers(self, changed: Iterable[Entry]) -> Iterator[AppId]:
        """The apps that have lines where these were, or are."""
        for entry in changed:
            if (place := place_of(entry)) is not None:
                for rule in self._table.rules(place):
                    yield from rule.shares

    def _at(self, place: Place) -> list[Entry]:
        rules = [
            (
                rule.headers,
                [(known.view, weight) for app, weight in rule.shares.items() if (known := self._table.get(app))],
            )
            for rule in self._table.rules(place)
        ]
        return maps.place_entries(place, rules)


def by_map(lines: Iterable[list[Entry]]) -> dict[str, list[Entry]]:
    """The same lines, as each map holds them."""
    sorted_out: dict[str, dict[Entry, None]] = {name: {} for name in MAPS}
    for entries in lines:
        for entry in entries:
            sorted_out[entry.map][entry] = None
    return {name: list(entries) for name, entries in sorted_out.items()}
