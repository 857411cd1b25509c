from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi
from tests.torpor.cli.fake_api_server import FakeApiServer


@pytest.fixture
async def torpor(tmp_path: Path) -> AsyncIterator[Torpor]:
    made = Torpor(tmp_path)
    yield made
    await made.end()


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    fake = FakeApi()
    server = web.Application()
    server.router.add_route("*", "/{path:.*}", fake.handle)
    runner = web.AppRunner(server, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()


@pytest.fixture
async def api_server(tmp_path: Path) -> AsyncIterator[FakeApiServer]:
    async with FakeApiServer(tmp_path) as server:
        yield server
