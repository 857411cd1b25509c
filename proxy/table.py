"""The apps as the scaler has told them: routes, phases, addresses; and a bell for those who wait for a change."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from torpor.link import AppView
from torpor.route_table import RouteTable, Rule
from torpor.routes import Place, Route, parse_route
from torpor.words import AppId

logger = logging.getLogger(__name__)


class Waiter(Protocol):
    """Somebody who waits for an app."""

    def look(self) -> None:
        """Something has changed. Must not raise."""


class Known:
    """One app, as far as this proxy knows."""

    __slots__ = ("heard_at", "knocked", "news", "routes", "turn", "view", "waiters")

    def __init__(self, view: AppView, now: float) -> None:
        self.view = view
        self.routes: tuple[Route, ...] = ()
        self.heard_at = now
        self.turn = 0
        """Which of several addresses is next."""
        self.knocked: tuple[int, float] = (-1, 0.0)
        """The epoch and time of the last knock."""
        self.waiters: dict[Waiter, None] = {}
        """Visits that wait for another phase, in the order they came."""
        self.news = asyncio.Event()
        """Set once at the next change of any kind, then replaced."""

    def waking_for(self, now: float) -> float:
        """Seconds since its wake began; 0 when it is not being woken."""
        return self.view.waking_for + now - self.heard_at if self.view.waking_for or self.view.stage else 0.0

    def retry_in(self, now: float) -> float:
        """Seconds until a failed app may be tried again."""
        return max(0.0, self.view.retry_in - (now - self.heard_at))

    def ring(self) -> None:
        """Let everyone who waits look again."""
        for waiter in list(self.waiters):
            waiter.look()


class AppTable:
    """Every app this proxy serves."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.linked = False
        """Whether the scaler is heard. Without it, what is known may be stale."""
        self._apps: dict[AppId, Known] = {}
        self._routes: RouteTable[AppId] = RouteTable()
        self._next: dict[Route, dict[AppId, Route]] = {}
        """Apps with a route that leads to others (by the route without its weight), in the order in which they came."""

    def __len__(self) -> int:
        return len(self._apps)

    def find(
        self, host: str, path: str, header: Callable[[str], str | None] | None = None, chosen: AppId | None = None
    ) -> Known | None:
        """The app that a normalised host, a path and perhaps headers lead to; `chosen` as in `RouteTable.find`."""
        app = self._routes.find(host, path, header, chosen)
        return None if app is None else self._apps[app]

    def get(self, app: AppId) -> Known | None:
        """An app by its id."""
        return self._apps.get(app)

    def leads(self, route: Route, app: AppId) -> bool:
        """Whether a route leads to this app; of two with the same one and no weights, the first has it."""
        return self._routes.leads(route, app)

    def rules(self, place: Place) -> list[Rule[AppId]]:
        """What decides at this host and path, in its order."""
        return self._routes.rules(place)

    def __iter__(self) -> Iterator[Known]:
        return iter(self._apps.values())

    def replace(self, views: Iterable[AppView]) -> list[AppId]:
        """All there is; returns the ids of those that are gone."""
        views = tuple(views)
        gone = self._apps.keys() - {view.id for view in views}
        for app in gone:
            self.remove(app)
        for view in views:
            self.change(view)
        return list(gone)

    def change(self, view: AppView) -> None:
        """One app, new or changed."""
        known = self._apps.get(view.id)
        if known is None:
            known = self._apps[view.id] = Known(view, self.now())
            before = None
        else:
            before, known.view, known.heard_at = known.view, view, self.now()
        if before is None or before.routes != view.routes:
            had, known.routes = known.routes, _routes(view)
            self._give_up(view.id, _without(had, known.routes))
            self._claim(view.id, _without(known.routes, had))
        if before is None or (before.phase, before.addresses) != (view.phase, view.addresses):
            known.ring()
        known.news.set()
        known.news = asyncio.Event()

    def remove(self, app: AppId) -> None:
        """An app that is managed no more; whoever waits for it is told to look again."""
        if known := self._apps.pop(app, None):
            self._give_up(app, known.routes)
            known.ring()
            known.news.set()

    def _claim(self, app: AppId, routes: Iterable[Route]) -> None:
        for route in routes:
            if not self._routes.add(route, app):
                self._next.setdefault(route._replace(weight=None), {})[app] = route

    def _give_up(self, app: AppId, routes: Iterable[Route]) -> None:
        """Whoever has the same route gets it: one that moves may be told of where it goes before where it was."""
        for route in routes:
            same = route._replace(weight=None)
            waiting = self._next.get(same, {})
            waiting.pop(app, None)
            self._routes.remove(route, app)
            for heir, wanted in list(waiting.items()):
                if self._routes.add(wanted, heir):
                    del waiting[heir]
            if not waiting:
                self._next.pop(same, None)

    def link_is(self, up: bool) -> None:
        """The link came or went: everyone looks again."""
        self.linked = up
        for known in self._apps.values():
            known.knocked = (-1, 0.0)
            known.ring()


def _routes(view: AppView) -> tuple[Route, ...]:
    """What cannot be read, perhaps since the scaler is newer, costs that route and nothing else."""
    found: dict[Route, None] = {}
    for text in view.routes:
        try:
            found[parse_route(text)] = None
        except ValueError as error:
            logger.warning("a route of %s leads nowhere: %s", view.id, error)
    return tuple(found)


def _without(routes: Iterable[Route], others: Iterable[Route]) -> list[Route]:
    others = set(others)
    return [route for route in routes if route not in others]
