"""Sleep and wake, over and over, under steady clients.

A cycle is an app that an operator has put to sleep, the whole two steps, and that a client's visit has woken again. An
app with an open WebSocket or a slow answer never sleeps, so there are several apps, each with clients of its own that
now and then do without these; the operator tries all apps at once, and a visit may call him off.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import aiohttp

from tests.blackbox.asking import Asking
from tests.blackbox.clients import KINDS, Book

TRY_AGAIN = 0.25
"""Seconds until an operator who was called off tries again."""
LOOK = 0.02

type Disturb = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Run:
    """A number of cycles over some apps."""

    torpor: Asking
    apps: Collection[str]
    """Each with one client of each kind."""
    cycles: int
    within: float
    """Seconds for all of it."""
    slow: float = 5.0
    """Seconds of a slow answer."""
    awake: Collection[str] = ()
    """Apps that nobody puts to sleep."""
    disturb: Disturb | None = None
    every: int = 0
    """Cycles from one disturbance to the next."""
    done: int = 0
    called_off: int = 0
    disturbed: int = 0

    async def run(self, book: Book) -> str:
        """What there was to see; every failure is in the book."""
        end = asyncio.Event()
        began = time.monotonic()
        clients = [
            kind(self.torpor.listen, app, len(KINDS) * at + number, book, self.slow)
            for at, app in enumerate(self.apps)
            for number, kind in enumerate(KINDS)
        ]
        api = "http://{}:{}".format(*self.torpor.api)
        async with asyncio.timeout(self.within), aiohttp.ClientSession(api) as session, asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(client.run(end))
            operators = [self._operate(session, app, book) for app in self.apps if app not in self.awake]
            await asyncio.gather(*operators, self._disturb(book))
            end.set()
        took = time.monotonic() - began
        return (
            f"{self.done} sleeps and wakes of {len(self.apps) - len(self.awake)} apps in {took:.0f} s"
            f" ({self.called_off} called off, {self.disturbed} disturbances) under {len(clients)} clients: {book}"
        )

    def _goes_on(self, book: Book) -> bool:
        return self.done < self.cycles and not book.failures

    async def _operate(self, session: aiohttp.ClientSession, app: str, book: Book) -> None:
        """Put the app to sleep whenever it is awake."""
        while self._goes_on(book):
            if not await self._is_awake(session, app):
                await asyncio.sleep(LOOK)
                continue
            async with session.post(f"/v1/apps/{app}/sleep") as reply:
                assert reply.status in (200, 409), await reply.text()
                asleep = reply.status == 200
            if not asleep:
                self.called_off += 1
                await asyncio.sleep(TRY_AGAIN)
                continue
            while not await self._is_awake(session, app) and not book.failures:
                await asyncio.sleep(LOOK)
            self.done += 1

    async def _is_awake(self, session: aiohttp.ClientSession, app: str) -> bool:
        async with session.get(f"/v1/apps/{app}") as reply:
            return bool((await reply.json())["phase"] == "awake")

    async def _disturb(self, book: Book) -> None:
        while self.disturb is not None and self._goes_on(book):
            if self.done >= self.every * (self.disturbed + 1):
                await self.disturb()
                self.disturbed += 1
            await asyncio.sleep(LOOK)
