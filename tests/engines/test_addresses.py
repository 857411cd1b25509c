"""Apps whose addresses come and go while they are awake, as pods do: no visit is lost to it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.engines.street import Street, street
from tests.wire import App, request, until
from torpor.words import Address

VISITORS = 6


@dataclass
class Load:
    """Visitors who come again and again, half of them on one connection for all their visits."""

    here: Street
    answers: list[Counter[int]] = field(default_factory=lambda: [Counter() for _ in range(VISITORS)])
    """Each visitor's, by status."""
    over: bool = False
    open: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0

    async def come(self, number: int) -> None:
        visitor = await self.here.visitor()
        while not self.over:
            if number % 2:
                await visitor.leave()
                visitor = await self.here.visitor()
            await self.open.wait()
            self.under_way += 1
            visitor.send(request("POST", "/", "Content-Length: 5") + b"hello")
            self.answers[number][(await visitor.answer()).status] += 1
            self.under_way -= 1
        await visitor.leave()

    async def more(self) -> None:
        """Until everybody has been here once more from the beginning to the end, and some oftener."""
        before = [answers.total() for answers in self.answers]
        await until(lambda: all(now.total() >= then + 3 for now, then in zip(self.answers, before, strict=True)))

    async def stop_listening(self, app: App) -> None:
        """It serves whom it has, and takes no more. In between visits: who waits in its backlog would be cut off."""
        self.open.clear()
        await until(lambda: not self.under_way)
        app._server.close()
        self.open.set()


@asynccontextmanager
async def load(here: Street) -> AsyncIterator[Load]:
    """At its end everybody has been answered, and well."""
    made = Load(here)
    made.open.set()
    async with asyncio.TaskGroup() as group:
        for number in range(VISITORS):
            group.create_task(made.come(number))
        yield made
        made.over = True
    assert [{*answers} for answers in made.answers] == [{200}] * VISITORS


@pytest.mark.parametrize("agent", ["curl/8.0", "Googlebot/2.1"])
async def test_an_awake_app_without_an_address_is_waited_for(engine: str, state: Path, agent: str) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake()
        async with asyncio.TaskGroup() as group:
            got = group.create_task(here.get("/", f"User-Agent: {agent}"))
            await here.until_held(1)
            await here.awake(app)
        assert got.result().status == 200
        assert here.knocks() == 0


async def test_but_not_for_longer_than_a_wake_may_take(engine: str, state: Path) -> None:
    async with street(engine, state) as here:
        await here.awake(policy={"wake_timeout": 0.2})
        got = await here.get()
        assert (got.status, got.headers["torpor-phase"]) == (503, "awake")


async def test_a_visit_goes_to_another_address_at_once_when_one_is_gone(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(Address("127.0.0.1", 1), app, Address("127.0.0.1", 2))
        for _ in range(12):
            assert (await here.get()).status == 200
        assert len(app.asked) == 12
        assert here.knocks() == 0


async def test_addresses_change_under_load_and_no_visit_is_lost(engine: str, state: Path) -> None:
    """Pods are replaced one by one: each is known before the one it replaces is left, and that ends only then."""
    async with AsyncExitStack() as stack, street(engine, state) as here:
        apps = [await stack.enter_async_context(App()) for _ in range(3)]
        await here.awake(*apps)
        async with load(here) as visits:
            await visits.more()
            for _ in range(4):
                fresh = await stack.enter_async_context(App())
                await here.awake(*apps, fresh)
                gone = apps.pop(0)
                apps.append(fresh)
                await here.awake(*apps)
                await visits.more()
                await gone.__aexit__()
                await visits.more()
        assert all(app.asked for app in apps)


async def test_an_address_that_is_gone_before_anybody_knows_costs_no_visit(engine: str, state: Path) -> None:
    async with App() as one, App() as two, App() as three, street(engine, state) as here:
        await here.awake(one, two)
        async with load(here) as visits:
            await visits.more()
            await visits.stop_listening(one)
            await visits.more()
            await here.awake(two, three)
            await visits.more()
            await visits.stop_listening(two)
            await visits.more()
            await here.awake(three)
            await visits.more()


async def test_no_address_for_a_moment_and_then_another_costs_no_visit(engine: str, state: Path) -> None:
    async with App() as one, App() as two, street(engine, state) as here:
        await here.awake(one)
        async with load(here) as visits:
            for app in (two, one, two):
                await visits.more()
                await here.awake()
                await here.until_held(VISITORS)
                await here.awake(app)
            await visits.more()
            await here.awake(one, two)
            await visits.more()
