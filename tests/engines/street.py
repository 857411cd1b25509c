"""An engine in front of real doors: a real doorman, a table filled by hand, and apps and visitors on real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from proxy.doorman import Doorman
from proxy.lane_keeper import LaneKeeper
from proxy.lanes import LaneError
from proxy.ledger import Ledger
from proxy.pages import Look
from proxy.server import Engine, House
from proxy.table import AppTable
from tests.ports import somewhere
from tests.wire import PATIENCE, App, Got, Visitor
from torpor.link import AppView, Down, Drained, Knock, Work
from torpor.words import Address, Phase


class Street:
    """Where visitors come to the app `app` at `app.localhost`, unless a test makes others."""

    def __init__(self, look: Look | None = None) -> None:
        self.table = AppTable()
        self.table.linked = True
        self.ledger = Ledger()
        self.sent: list[Knock | Down | Drained] = []
        self.doorman = Doorman(self.table, self.ledger, self, look=look)
        self.visitors: list[Visitor] = []
        self.engine: Engine
        self.keeper: LaneKeeper
        self._epoch = 0

    def send(self, message: Knock | Down) -> None:
        self.sent.append(message)

    def knocks(self) -> int:
        return sum(isinstance(message, Knock) for message in self.sent)

    def drained(self) -> list[Drained]:
        return [message for message in self.sent if isinstance(message, Drained)]

    def app(self, phase: Phase, *apps: App | Address, name: str = "app", **more: object) -> int:
        """The scaler tells how an app stands; the epoch of its word."""
        self._epoch += 1
        addresses = tuple(app if isinstance(app, Address) else app.address for app in apps)
        members = {"id": name, "routes": (f"{name}.localhost",), "phase": phase, "epoch": self._epoch}
        self.table.change(AppView.model_validate(members | {"addresses": addresses} | more))
        if hasattr(self, "keeper"):
            self.keeper.changed(name)
        return self._epoch

    async def settle(self) -> None:
        """Wait until the engine has followed the table."""
        await patiently(lambda: self.engine.lanes.change([known.view.id for known in self.table]))

    async def awake(self, *apps: App | Address, name: str = "app", **more: object) -> None:
        self.app(Phase.AWAKE, *apps, name=name, **more)
        await self.settle()

    async def asleep(self, name: str = "app", **more: object) -> None:
        self.app(Phase.ASLEEP, name=name, **more)
        await self.settle()

    async def work(self, name: str = "app") -> Work:
        """The app's account, as of now."""
        await patiently(self.engine.lanes.look)
        return self.ledger.work(name)

    async def is_busy(self) -> bool:
        """Whether anybody is left."""
        return any([(await self.work(known.view.id)).busy for known in self.table])

    async def until_held(self, count: int, name: str = "app") -> None:
        async with asyncio.timeout(PATIENCE):
            while self.ledger.work(name).held != count:
                await asyncio.sleep(0.005)

    async def until_in_flight(self, count: int, name: str = "app") -> None:
        async with asyncio.timeout(PATIENCE):
            while (await self.work(name)).in_flight != count:
                await asyncio.sleep(0.005)

    async def visitor(self) -> Visitor:
        visitor = Visitor(*await asyncio.open_connection(*self.engine.addresses[0], limit=16 * 1024 * 1024))
        self.visitors.append(visitor)
        return visitor

    async def get(self, target: str = "/", *fields: str) -> Got:
        """A visit on a connection of its own."""
        visitor = await self.visitor()
        got = await visitor.get(target, *fields)
        await visitor.leave()
        return got


async def patiently(ask: Callable[[], Awaitable[None]]) -> None:
    """Until the engine can do it, as `LaneKeeper` would: one that starts or reloads cannot for a moment."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await ask()
            except LaneError:
                await asyncio.sleep(0.01)


def make_engine(engine: str, house: House, state: Path, **options: object) -> Engine:
    if engine == "haproxy":
        from proxy.haproxy.engine import HaproxyEngine

        return HaproxyEngine(house, state_directory=state, **{"listen": somewhere(), "threads": 2} | options)  # type: ignore[arg-type]
    from addons.engine import MitmproxyEngine

    return MitmproxyEngine(house.doorman, **{"listen": somewhere()} | options)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def street(engine: str, state: Path, *, here: Street | None = None, **options: object) -> AsyncIterator[Street]:
    """The engine on a free port, perhaps with apps there already. At the end nobody may be left in the books."""
    here = here or Street()
    here.engine = make_engine(engine, House(here.doorman, here.table, here.ledger), state, **options)
    async with here.engine, asyncio.TaskGroup() as group:
        here.keeper = LaneKeeper(here.engine.lanes, here.table, here.ledger, here.sent.append)
        keeping = group.create_task(here.keeper.run())
        try:
            yield here
        finally:
            for visitor in here.visitors:
                await visitor.leave()
            async with asyncio.timeout(PATIENCE):
                while await here.is_busy():
                    await asyncio.sleep(0.01)
            keeping.cancel()
