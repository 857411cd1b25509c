from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from scaler.runtimes.kubernetes.api.access import Kubeconfig
from scaler.runtimes.kubernetes.api.cluster import Cluster
from tests.scaler.runtimes.kubernetes.api.hand_server import HandServer


@pytest.fixture
async def server() -> AsyncIterator[HandServer]:
    server = HandServer()
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    yield server
    server.over.set()
    await runner.cleanup()


@pytest.fixture
async def cluster(server: HandServer, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with Cluster(Kubeconfig(server.kubeconfig(tmp_path / "kubeconfig"))) as cluster:
        yield cluster
