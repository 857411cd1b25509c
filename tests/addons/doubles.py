"""A doorman who does as he is told, an app made of a function, and a visitor who sends bytes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from addons.engine import MitmproxyEngine
from proxy.visit import Answer, Forward, Verdict, Visit
from tests.wire import HELLO, App, Asked, Got, Handler, Visitor, body_of, request, reset, until
from torpor.words import Address

__all__ = [
    "HELLO",
    "App",
    "Asked",
    "Doorman",
    "Got",
    "Handler",
    "House",
    "Visitor",
    "body_of",
    "house",
    "request",
    "reset",
    "until",
]

NOWHERE = Address("127.0.0.1", 1)


class Doorman:
    """Forwards to `address`, or holds while `asleep`. Keeps count, and remembers every breach of the contract."""

    def __init__(self, address: Address = NOWHERE) -> None:
        self.address = address
        self.asleep = False
        self.awake = asyncio.Event()
        self.answers: dict[str, Answer] = {}
        self.visits: list[Visit] = []
        self.forwards: list[Forward] = []
        self.held = 0
        self.left = 0
        self.refused: list[tuple[int, str]] = []
        self.errors: list[str] = []
        self.reasons: list[str] = []
        self.retries = 0
        self.mistakes: list[str] = []
        self.raises: Exception | None = None

    @property
    def in_flight(self) -> int:
        return sum(forward.open for forward in self.forwards)

    def wake(self) -> None:
        self.asleep = False
        self.awake.set()

    def glance(self, visit: Visit) -> Verdict | None:
        self.visits.append(visit)
        if self.raises is not None:
            raise self.raises
        if visit.path in self.answers:
            return self.answers[visit.path]
        return None if self.asleep else self.forward()

    def forward(self, held: float = 0.0) -> Forward:
        self.forwards.append(forward := Forward("app", self.address, counts=True, held=held))
        return forward

    async def admit(self, visit: Visit, gone: asyncio.Event) -> Verdict:
        return await self._hold(visit, gone)

    async def again(self, visit: Visit, forward: Forward, error: str, gone: asyncio.Event) -> Verdict:
        self.done(forward)
        self.errors.append(error)
        if self.retries > 0:
            self.retries -= 1
            return await self._hold(visit, gone)
        return Answer(502, [("Content-Type", "text/plain")], f"refused: {error}".encode())

    async def _hold(self, visit: Visit, gone: asyncio.Event) -> Verdict:
        self.held += 1
        try:
            async with asyncio.TaskGroup() as group:
                waits = [group.create_task(gone.wait()), group.create_task(self.awake.wait())]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for task in waits:
                    task.cancel()
        finally:
            self.held -= 1
        if gone.is_set():
            self.left += 1
            return Answer(408, [], b"left")
        if visit.path in self.answers:
            return self.answers[visit.path]
        return self.forward(held=0.25)

    def broken(self, visit: Visit, forward: Forward, reason: str) -> Answer:
        if not forward.open:
            self.mistakes.append("broken after done")
        self.reasons.append(reason)
        return Answer(502, [("Content-Type", "text/plain")], f"broken: {reason}".encode())

    def refuse(self, status: int, detail: str) -> Answer:
        self.refused.append((status, detail))
        return Answer(status, [("Content-Type", "application/problem+json")], b'{"detail": "%b"}' % detail.encode())

    def done(self, forward: Forward) -> None:
        if not forward.open:
            self.mistakes.append("done twice")
        forward.open = False


class House:
    """An engine, its doorman, and visitors who all leave in the end."""

    def __init__(self, engine: MitmproxyEngine, doorman: Doorman) -> None:
        self.engine = engine
        self.doorman = doorman
        self._visitors: list[Visitor] = []

    async def visitor(self) -> Visitor:
        visitor = await Visitor.to(self.engine)
        self._visitors.append(visitor)
        return visitor

    async def get(self, target: str = "/", *fields: str) -> Got:
        """A visit on a connection of its own."""
        visitor = await self.visitor()
        got = await visitor.get(target, *fields)
        await visitor.leave()
        return got

    async def is_empty(self) -> None:
        """Wait until nobody is left, and see that the books are right."""
        await until(lambda: not len(self.engine.listener) and not self.doorman.in_flight)
        assert self.doorman.mistakes == []

    async def all_leave(self) -> None:
        for visitor in self._visitors:
            await visitor.leave()


@contextlib.asynccontextmanager
async def house(app: App | None = None, **options: object) -> AsyncIterator[House]:
    """An engine on a free port, in front of this app. At the end nothing may be left over."""
    doorman = Doorman(app.address if app is not None else NOWHERE)
    async with MitmproxyEngine(doorman, **{"listen": ("127.0.0.1", 0), "linger": 0.0} | options) as engine:  # type: ignore[arg-type]
        opened = House(engine, doorman)
        try:
            yield opened
        finally:
            await opened.all_leave()
        await opened.is_empty()
