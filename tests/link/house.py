"""Both ends of the link on a real socket: a scaler with a runtime turned by hand, and proxies without an engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from proxy.doorman import Doorman
from proxy.ledger import Ledger
from proxy.link_client import LinkClient
from proxy.table import AppTable
from scaler.app import AppSpec
from scaler.link_server import LinkServer
from scaler.scaler import Scaler
from scaler.welcome import shared
from tests.ports import somewhere
from tests.scaler.hand_runtime import HandRuntime
from torpor import link
from torpor.words import Phase

TOKEN = "a token of the tests"


@dataclass
class End:
    """One proxy's end."""

    table: AppTable
    ledger: Ledger
    doorman: Doorman
    client: LinkClient
    task: asyncio.Task[None]

    async def close(self) -> None:
        """End it in good order."""
        self.task.cancel()
        await asyncio.wait([self.task])


class Both:
    """The scaler's end, and as many proxies as the test makes."""

    def __init__(self, scaler: Scaler, runtime: HandRuntime, url: str, group: asyncio.TaskGroup) -> None:
        self.scaler = scaler
        self.runtime = runtime
        self.url = url
        self._group = group

    def add(self, app: str, *, idle: float = 300.0, hosts: tuple[str, ...] | None = None) -> None:
        routes = (f"{app}.localhost",) if hosts is None else hosts
        self.scaler.put(AppSpec(app, {"": routes}, link.Policy(), idle))

    def start_proxy(self, name: str, *, token: str = TOKEN, url: str = "", alone: float = 0.0) -> End:
        table, ledger = AppTable(), Ledger()
        client = LinkClient(
            *([url or self.url], lambda: token), name=name, engine="none", table=table, ledger=ledger, alone=alone
        )
        doorman = Doorman(table, ledger, client)
        return End(table, ledger, doorman, client, self._group.create_task(client.run()))

    async def proxy(self, name: str = "p1") -> End:
        end = self.start_proxy(name)
        async with asyncio.timeout(60):
            await end.client.ready.wait()
        return end

    def phase(self, app: str) -> Phase:
        return self.scaler.apps[app].life.phase


@asynccontextmanager
async def both_ends() -> AsyncIterator[Both]:
    """A scaler that listens on loopback."""
    runtime = HandRuntime()
    scaler = Scaler(runtime)
    server = LinkServer(shared(TOKEN))
    application = web.Application()
    application.router.add_get(link.PATH, server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, *somewhere()).start()
    host, port = runner.addresses[0][:2]
    async with asyncio.TaskGroup() as group:
        running = group.create_task(scaler.run())
        proxies = asyncio.TaskGroup()
        try:
            async with proxies:
                with server.serving(scaler):
                    yield Both(scaler, runtime, f"http://{host}:{port}", proxies)
                    for task in list(proxies._tasks):
                        task.cancel()
        finally:
            await runner.cleanup()
            running.cancel()


async def until(condition: object, patience: float = 60.0) -> None:
    """Wait until a condition (a function) is true."""
    assert callable(condition)
    async with asyncio.timeout(patience):
        while not condition():
            await asyncio.sleep(0.005)
