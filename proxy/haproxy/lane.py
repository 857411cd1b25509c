"""HAProxy's fast lane: keeps its maps as the table says, and writes its counts into the ledger.

Several workers may run: the newest of the newest life takes new visits and has the table's word; all others have no
address any more, and only their counts are read. A drain is acknowledged with what all of them say.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence

from proxy.haproxy import maps
from proxy.haproxy.counts import Counts
from proxy.haproxy.lines import Lines, by_map
from proxy.haproxy.maps import MAPS, Entry, key_of
from proxy.haproxy.process import HaproxyProcess
from proxy.haproxy.worker import Worker
from proxy.lanes import LaneError
from proxy.ledger import Ledger
from proxy.table import AppTable
from torpor.link import Load
from torpor.words import AppId, Phase

PATIENCE = 5.0
"""Seconds that a change waits for HAProxy to come up."""
ENDING = 1.0
"""Seconds from a worker's last word until its master says that it is gone."""
MANY = 300
"""Lines of one map: where more than that change at once the map is replaced, since HAProxy looks for each in turn."""


class HaproxyLane:
    """The port `proxy.lanes.Lanes`. Nothing can be done while no HAProxy runs; whoever starts it says so."""

    def __init__(
        self, lives: Sequence[HaproxyProcess], table: AppTable, ledger: Ledger, *, max_connections: int = 0
    ) -> None:
        """`lives` are those that run, oldest first; they come and go. `max_connections` is for who wants the load."""
        self._lives = lives
        self._max_connections = max_connections
        self._table = table
        self._up = asyncio.Event()
        self._workers: dict[int, Worker] = {}
        """All that run, by process."""
        self._met: set[HaproxyProcess] = set()
        """Lives whose workers have been looked up once: those that come later are new."""
        self._serving: Worker | None = None
        """The one that takes new visits; None when that is not known."""
        self._doubted = False
        """Whether the serving one may hold less than it should."""
        self._apps: dict[str, AppId] = {}
        """The apps by their names in HAProxy."""
        self._lines = Lines(table)
        self.counts = Counts(table, ledger)
        self.load: Load | None = None
        """How full HAProxy was at the last look; None while nobody knows."""
        self._turn = asyncio.Lock()

    # For whoever runs HAProxy

    @property
    def serving(self) -> int | None:
        """The process that takes new visits, where that is known."""
        return self._serving.pid if self._serving is not None else None

    def contents(self) -> dict[str, list[Entry]]:
        """What the maps hold for an HAProxy that is about to start: the routes. It asks the doorman for the rest."""
        return by_map(self._lines.all().values()) | {maps.ADDRESSES: [], maps.SEVERAL: []}

    def named(self, name: str) -> AppId | None:
        """The app that HAProxy calls so."""
        return self._apps.get(name)

    def is_up(self) -> None:
        """An HAProxy runs."""
        self._up.set()

    def emptied(self) -> None:
        """HAProxy has taken out all addresses by itself, since we were not heard for long."""
        self._doubted = True

    def is_gone(self, life: HaproxyProcess) -> None:
        """This one has ended, and with it its visits."""
        self._met.discard(life)
        for pid in [pid for pid, worker in self._workers.items() if worker.life is life]:
            self._forget(pid)
        if not self._lives:
            self._up.clear()
            self.load = None
        self.counts.settle(self._workers.values(), self._apps)

    def let_go(self) -> None:
        """Keep none from ending when its visits have ended."""
        for worker in self._workers.values():
            worker.socket.let_go()

    async def open_visits(self) -> int | None:
        """How many are under way over all apps; None when HAProxy does not say."""
        try:
            await self.look()
        except LaneError:
            return None
        return sum(row.open for worker in self._workers.values() for row in worker.rows.values())

    # The port

    async def renew(self) -> None:
        async with self._working():
            await self._gather()
            if self._serving is not None and self._serving.lines is not None:
                await self._follow(self._serving, {known.view.id for known in self._table} | self._serving.lines.keys())
            await self._look()

    async def change(self, apps: Collection[AppId]) -> None:
        async with self._working():
            if self._serving is None:
                await self._gather()
            if self._serving is not None and self._serving.lines is not None:
                await self._follow(self._serving, apps)
            if any((known := self._table.get(app)) and known.view.phase is Phase.DRAINING for app in apps):
                await self._gather()  # whoever has come since knew no address
                await self._look()

    async def look(self) -> None:
        async with self._working():
            await self._gather()
            await self._look()
            await self._weigh()

    # How

    @contextlib.asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._up.wait()
        except TimeoutError:
            raise LaneError("HAProxy is not running") from None
        async with self._turn:
            try:
                yield
            except BaseException:
                self._serving = None  # whoever breaks off in between knows nothing
                raise

    async def _gather(self) -> None:
        """Know all workers. The newest is given what it should hold; then it alone takes visits, and of all others the
        addresses are taken."""
        found: dict[int, Worker] = {}
        serving = None
        for life in list(self._lives):
            pids = await life.workers()
            for pid in pids:
                worker = self._workers.get(pid)
                if worker is None or worker.life is not life:
                    worker = Worker(life, pid, watched=life.ours or life in self._met)
                    await worker.socket.hold()
                found[pid] = worker
            self._met.add(life)
            serving = found[pids[0]] if pids and not life.draining else serving
        found = {pid: worker for pid, worker in found.items() if worker.life in self._lives}  # still
        for pid in self._workers.keys() - found.keys():
            self._forget(pid)
        self._workers = found
        if serving is not None and self._doubted:
            serving.lines = None
            self._doubted = False
        if serving is not None and serving.lines is None:
            wanted = self._lines.all()
            self._apps = {key_of(app): app for app in wanted}
            await serving.fill(wanted, by_map(wanted.values()))
        for life in list(self._lives):
            if serving is not None and life is not serving.life:
                life.drain()
        for worker in list(found.values()):
            if worker is not serving:
                await self._tell_replaced(worker, worker.shut)
        self._serving = serving

    @staticmethod
    async def _tell_replaced(worker: Worker, tell: Callable[[], Coroutine[None, None, None]]) -> None:
        """One that was replaced may end at any moment; its master knows of it a little later."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + ENDING
        while True:
            try:
                return await tell()
            except LaneError:
                if worker.pid not in await worker.life.workers():
                    return worker.is_gone()
                if clock() >= deadline:
                    raise
            await asyncio.sleep(0.02)

    def _forget(self, pid: int) -> None:
        worker = self._workers.pop(pid)
        worker.is_gone()
        self.counts.touch(worker, self._apps)
        if self._serving is worker:
            self._serving = None

    async def _follow(self, worker: Worker, apps: Collection[AppId]) -> None:
        """Make its maps hold what they should of these apps."""
        lines = worker.lines or {}
        changes: dict[AppId, tuple[list[Entry], list[Entry]]] = {}
        seen: set[AppId] = set()
        while apps := {*apps} - seen:
            seen |= apps
            fresh = {app: (lines.get(app, []), self._lines.of(app)) for app in apps}
            fresh = {app: (old, new) for app, (old, new) in fresh.items() if old != new}
            changes |= fresh
            apps = {app for old, new in fresh.values() for app in self._lines.sharers({*old} ^ {*new})}
        touched = Counter(entry.map for old, new in changes.values() for entry in {*old} ^ {*new})
        worker.lines = None  # until it is done
        for name in MAPS:
            if touched[name] > MANY:
                whole = lines | {app: new for app, (_, new) in changes.items()}
                await worker.socket.replace(name, ((entry.key, entry.value) for entry in by_map(whole.values())[name]))
        small = {name for name in MAPS if 0 < touched[name] <= MANY}
        before = [entry for old, _ in changes.values() for entry in old if entry.map in small]
        after = [entry for _, new in changes.values() for entry in new if entry.map in small]
        await worker.socket.do(maps.commands(before, after))
        for app, (_, new) in changes.items():
            if new:
                lines[app] = new
                self._apps[key_of(app)] = app
            else:
                lines.pop(app, None)
                self._apps.pop(key_of(app), None)
        worker.lines = lines

    async def _look(self) -> None:
        for worker in list(self._workers.values()):  # they may end meanwhile
            if worker is self._serving:
                await worker.read()
            else:
                await self._tell_replaced(worker, worker.read)
            self.counts.touch(worker, self._apps)
        self.counts.settle(self._workers.values(), self._apps)
        self.counts.next_look()

    async def _weigh(self) -> None:
        """Those that were replaced may end meanwhile; their visitors are few."""
        connections, busy = 0, None
        for worker in list(self._workers.values()):
            try:
                said = await worker.weigh()
            except LaneError:
                if worker is self._serving:
                    raise
                continue
            connections += said.connections
            busy = said.busy if worker is self._serving else busy
        self.load = Load(connections=connections, limit=self._max_connections, busy=busy, processes=len(self._workers))
