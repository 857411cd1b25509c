import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from scaler.runtimes.process.ports import free_port
from scaler.scaler import Scaler
from tests.scaler.hand_runtime import HandRuntime
from tests.scaler.house import House
from torpor.clock import HandClock


@pytest.fixture
async def house() -> AsyncIterator[House]:
    runtime, clock = HandRuntime(), HandClock()
    scaler = Scaler(runtime, clock=clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(scaler.run())
        await asyncio.sleep(0)
        yield House(scaler, runtime, clock, scaler.links.connected("p1", "test"))
        running.cancel()


@pytest.fixture
def port() -> Iterator[int]:
    """One that nobody uses."""
    claim = free_port()
    yield claim.port
    claim.release()
