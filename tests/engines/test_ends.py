"""The end of an engine, as clients see it who keep their connections."""

import asyncio
import contextlib
from pathlib import Path

from proxy.server import Engine, House
from tests.engines.street import Street, make_engine
from tests.wire import PATIENCE, App, Visitor
from torpor.words import Phase

LOOKS = 0.6
"""Seconds in which HAProxy is looked at three times."""


def make(engine: str, state: Path, app: App, *, linger: float) -> Engine:
    here = Street()
    here.app(Phase.AWAKE, app)
    return make_engine(engine, House(here.doorman, here.table, here.ledger), state, linger=linger)


async def until_refused(address: tuple[str, int]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection(*address)
            except OSError:
                return
            writer.close()
            await asyncio.sleep(0.01)


async def test_a_kept_connection_carries_one_more_visit_whose_answer_tells_the_client_to_leave(
    engine: str, state: Path
) -> None:
    async with App() as app, contextlib.AsyncExitStack() as stack:
        moving = make(engine, state, app, linger=600.0)
        await stack.enter_async_context(moving)
        visitor = await Visitor.to(moving)
        assert "connection" not in (await visitor.get()).headers
        (address,) = moving.addresses
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(moving.stop(60))
            await until_refused(address)
            await asyncio.sleep(LOOKS)  # with nothing under way
            last = await visitor.get()
            assert (last.body, last.headers["connection"]) == (b"hello", "close")
            assert await visitor.rest() == b""
        assert stopping.result() == 0
        await visitor.leave()


async def test_a_kept_connection_that_carries_nothing_is_waited_for_no_longer_than_that(
    engine: str, state: Path
) -> None:
    async with App() as app, contextlib.AsyncExitStack() as stack:
        moving = make(engine, state, app, linger=0.1)
        await stack.enter_async_context(moving)
        visitor = await Visitor.to(moving)
        await visitor.get()
        async with asyncio.timeout(PATIENCE):
            assert await moving.stop(600) == 0
        await visitor.leave()
