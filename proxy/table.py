"""The apps as the scaler has told them: routes, phases, addresses; and a bell for those who wait for a change."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from torpor.link import AppView
from torpor.routes import Route, RouteTable, parse_route
from torpor.words import AppId


class Waiter(Protocol):
    """Somebody who waits for an app."""

    def look(self) -> None:
        """Something has changed. Must not raise."""


class Known:
    """One app, as far as this proxy knows."""

    __slots__ = ("heard_at", "knocked", "news", "turn", "view", "waiters")

    def __init__(self, view: AppView, now: float) -> None:
        self.view = view
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
        self._next: dict[Route, dict[AppId, None]] = {}
        """Apps with a route that leads to another, in the order in which they came."""

    def __len__(self) -> int:
        return len(self._apps)

    def find(self, host: str, path: str) -> Known | None:
        """The app that a normalised host and a path lead to."""
        app = self._routes.find(host, path)
        return None if app is None else self._apps[app]

    def get(self, app: AppId) -> Known | None:
        """An app by its id."""
        return self._apps.get(app)

    def leads(self, route: Route, app: AppId) -> bool:
        """Whether a route is this app's; of two apps with the same one, the first has it."""
        return self.leads_to(route) == app

    def leads_to(self, route: Route) -> AppId | None:
        """Whose this route is."""
        return self._routes.get(route)

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
            self._give_up(view.id, before)
            self._claim(view)
        if before is None or (before.phase, before.addresses) != (view.phase, view.addresses):
            known.ring()
        known.news.set()
        known.news = asyncio.Event()

    def remove(self, app: AppId) -> None:
        """An app that is managed no more; whoever waits for it is told to look again."""
        if known := self._apps.pop(app, None):
            self._give_up(app, known.view)
            known.ring()
            known.news.set()

    def _claim(self, view: AppView) -> None:
        for route in _routes(view):
            self._routes.add(route, view.id)
            if not self.leads(route, view.id):
                self._next.setdefault(route, {})[view.id] = None

    def _give_up(self, app: AppId, view: AppView | None) -> None:
        """Whoever has the same route gets it: one that moves may be told of where it goes before where it was."""
        for route in _routes(view):
            waiting = self._next.get(route, {})
            waiting.pop(app, None)
            if self.leads(route, app):
                self._routes.remove(route, app)
                if waiting:
                    heir = next(iter(waiting))
                    del waiting[heir]
                    self._routes.add(route, heir)
            if not waiting:
                self._next.pop(route, None)

    def link_is(self, up: bool) -> None:
        """The link came or went: everyone looks again."""
        self.linked = up
        for known in self._apps.values():
            known.knocked = (-1, 0.0)
            known.ring()


def _routes(view: AppView | None) -> list[Route]:
    return [parse_route(route) for route in view.routes] if view else []
