"""HAProxy's fast lane: keeps its maps as the table says, and writes its counts into the ledger."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Collection

from proxy.haproxy import activity, maps
from proxy.haproxy.activity import TABLE, UNCOUNTED, Row
from proxy.haproxy.maps import MAPS, Entry, key_of
from proxy.haproxy.runtime import RuntimeSocket
from proxy.lanes import LaneError
from proxy.ledger import Ledger
from proxy.table import AppTable
from torpor.link import AppView
from torpor.routes import parse_route
from torpor.words import AppId, Phase

PATIENCE = 5.0
"""Seconds that a change waits for HAProxy to come up."""
MANY = 300
"""Lines of one map: where more than that change at once the map is replaced, since HAProxy looks for each in turn."""


class HaproxyLane:
    """The port `proxy.lanes.Lanes`. Nothing can be done while HAProxy is down; whoever starts it says so."""

    def __init__(self, runtime: RuntimeSocket, table: AppTable, ledger: Ledger) -> None:
        self._runtime = runtime
        self._table = table
        self._ledger = ledger
        self._up = asyncio.Event()
        self._lines: dict[AppId, list[Entry]] = {}
        """What HAProxy's maps hold."""
        self._known = False
        """Whether that is sure."""
        self._apps: dict[str, AppId] = {}
        """The apps by their names in HAProxy."""
        self._seen: dict[AppId, int] | None = {}
        """Requests that the table counted, of the apps that were in it when it was last read; None before that."""
        self._made: dict[AppId, tuple[AppView, list[Entry]]] = {}
        """The routes' lines of the apps as they were when these were made."""
        self._asked: Counter[AppId] = Counter()
        self._turn = asyncio.Lock()
        self._draining = False

    # For whoever runs HAProxy

    def contents(self) -> dict[str, list[Entry]]:
        """All maps as they should be, for a HAProxy that is about to start; `is_up` follows."""
        self._lines, self._apps, self._known = {}, {}, True
        for known in self._table:
            self._note(known.view.id, self._wanted(known.view.id))
        return self._by_map(self._lines)

    def is_up(self, *, taken_over: bool = False) -> None:
        """HAProxy runs. One that was taken over from an earlier process may hold anything."""
        self._known = self._known and not taken_over
        self._seen = None if taken_over else {}
        self._up.set()

    def is_draining(self, runtime: RuntimeSocket) -> None:
        """HAProxy lets its visits end, and takes no commands but through this."""
        self._runtime = runtime
        self._draining = True

    def is_down(self) -> None:
        """HAProxy has ended, and with it every visit."""
        self._up.clear()
        self._settle({})

    def asked(self, app: AppId) -> None:
        """A visit to this app asks the doorman, who counts it."""
        self._asked[app] += 1

    # The port

    async def renew(self) -> None:
        async with self._working():
            await self._refuse_while_draining()
            wanted = {known.view.id: self._wanted(known.view.id) for known in self._table}
            if self._known:
                await self._follow(wanted.keys() | self._lines.keys())
            else:
                self._lines, self._apps = {}, {}
                for name, entries in self._by_map(wanted).items():
                    await self._runtime.replace(name, ((entry.key, entry.value) for entry in entries))
                for app, lines in wanted.items():
                    self._note(app, lines)
                self._known = True
            await self._look()

    async def change(self, apps: Collection[AppId]) -> None:
        async with self._working():
            await self._refuse_while_draining()
            if not self._known:
                raise LaneError("what HAProxy holds is not known yet")
            await self._follow(apps)
            if any((known := self._table.get(app)) and known.view.phase is Phase.DRAINING for app in apps):
                await self._look()

    async def look(self) -> None:
        async with self._working():
            await self._look()

    # How

    @contextlib.asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._up.wait()
        except TimeoutError:
            raise LaneError("HAProxy is not running") from None
        async with self._turn:
            yield

    async def _refuse_while_draining(self) -> None:
        if self._draining:
            await self._look()
            raise LaneError("HAProxy takes no changes while it drains")

    async def _follow(self, apps: Collection[AppId]) -> None:
        """Make the maps hold what they should of these apps."""
        changes = {app: (self._lines.get(app, []), self._wanted(app)) for app in apps}
        changes = {app: (old, new) for app, (old, new) in changes.items() if old != new}
        touched = Counter(entry.map for old, new in changes.values() for entry in {*old} ^ {*new})
        self._known = False  # until it is done: whoever breaks off in between knows nothing
        for name in MAPS:
            if touched[name] > MANY:
                whole = self._lines | {app: new for app, (_, new) in changes.items()}
                lines = (entry for lines in whole.values() for entry in lines if entry.map == name)
                await self._runtime.replace(name, ((entry.key, entry.value) for entry in lines))
        small = {name for name in MAPS if 0 < touched[name] <= MANY}
        await self._runtime.do(
            command
            for old, new in changes.values()
            for command in maps.commands([e for e in old if e.map in small], [e for e in new if e.map in small])
        )
        for app, (_, new) in changes.items():
            self._note(app, new)
        self._known = True

    def _wanted(self, app: AppId) -> list[Entry]:
        known = self._table.get(app)
        if known is None:
            self._made.pop(app, None)
            return []
        view = known.view
        made = self._made.get(app)
        if made is None or made[0] is not view:
            routes = [route for text in view.routes if self._table.leads(route := parse_route(text), app)]
            made = self._made[app] = (view, [maps.route_entry(view, route) for route in routes])
        return made[1] + (maps.address_entries(view) if self._table.linked else [])

    def _note(self, app: AppId, lines: list[Entry]) -> None:
        if lines:
            self._lines[app] = lines
            self._apps[key_of(app)] = app
        else:
            self._lines.pop(app, None)
            self._apps.pop(key_of(app), None)

    @staticmethod
    def _by_map(lines: dict[AppId, list[Entry]]) -> dict[str, list[Entry]]:
        return {name: [entry for entries in lines.values() for entry in entries if entry.map == name] for name in MAPS}

    async def _look(self) -> None:
        try:
            self._settle(activity.read(await self._runtime.ask(f"show table {TABLE}")))
        except ValueError as error:
            raise LaneError(f"HAProxy's activity cannot be read: {error}") from None

    def _settle(self, rows: dict[str, Row]) -> None:
        """Put what the table says into the ledger."""
        nothing = Row(0, 0, 0.0)
        names = {key.removesuffix(UNCOUNTED) for key in rows}
        apps = {app: name for name in names if (app := self._apps.get(name)) is not None}
        now = self._ledger.now()
        seen: dict[AppId, int] = {}
        for app in apps.keys() | (self._seen or {}).keys():
            name = key_of(app)
            counted, other = rows.get(name, nothing), rows.get(name + UNCOUNTED, nothing)
            self._ledger.observe(
                app,
                in_flight=counted.open,
                busy=counted.open + other.open,
                last_access=now - counted.age if name in rows and self._table.get(app) else None,
            )
            if name in rows or name + UNCOUNTED in rows:
                seen[app] = counted.requests + other.requests
                self._count(app, seen[app])
        self._seen = seen

    def _count(self, app: AppId, requests: int) -> None:
        """Visits that passed on the fast lane: those counted by HAProxy, less those the doorman was asked about."""
        if self._seen is None:
            return
        before = self._seen.get(app, 0)
        new = requests - before if requests >= before else requests  # the entry was made anew
        asked = min(self._asked[app], new)
        self._asked[app] -= asked
        if new > asked:
            self._ledger.count(app, "fast forwarded", new - asked)
