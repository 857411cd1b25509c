"""Several scalers of which one leads: how proxies find it, and what becomes of them when the lead changes hands."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web

from proxy import seeking
from proxy.ledger import Ledger
from proxy.link_client import LinkClient
from proxy.table import AppTable
from scaler.app import AppSpec
from scaler.link_server import LinkServer
from scaler.scaler import Scaler
from scaler.welcome import CannotTell, Welcome, shared
from tests.link.house import TOKEN, until
from tests.ports import own_port
from tests.scaler.hand_runtime import HandRuntime
from torpor import link

SOON = 2.5
"""Seconds. Without other work on the machine it takes a tenth; with a lot of it, the best of three rounds counts."""
ROUNDS = 3


class Candidate:
    """A scaler's process that leads when told to."""

    def __init__(self, welcome: Welcome) -> None:
        self.links = LinkServer(welcome)
        self.url = ""
        self.scaler: Scaler | None = None
        self._lead: asyncio.Task[None] | None = None

    async def lead(self, app: str = "a") -> Scaler:
        """Begin a reign, with one app."""
        begun: asyncio.Future[Scaler] = asyncio.get_running_loop().create_future()
        self._lead = asyncio.get_running_loop().create_task(self._reign(app, begun))
        self.scaler = await begun
        return self.scaler

    async def resign(self) -> None:
        """End it."""
        assert self._lead is not None
        self._lead.cancel()
        await asyncio.wait({self._lead})

    async def _reign(self, app: str, begun: asyncio.Future[Scaler]) -> None:
        scaler = Scaler(HandRuntime())
        async with asyncio.TaskGroup() as group:
            group.create_task(scaler.run())
            await asyncio.sleep(0)
            scaler.put(AppSpec(app, {"": (f"{app}.localhost",)}))
            with self.links.serving(scaler):
                begun.set_result(scaler)
                await asyncio.Event().wait()


@asynccontextmanager
async def candidate(
    host: str = "127.0.0.1", port: int | None = None, welcome: Welcome | None = None
) -> AsyncIterator[Candidate]:
    it = Candidate(welcome or shared(TOKEN))
    application = web.Application()
    application.router.add_get(link.PATH, it.links.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port or own_port()).start()
    it.url = "http://{}:{}".format(*runner.addresses[0][:2])
    try:
        yield it
    finally:
        if it._lead is not None:
            await it.resign()
        await runner.cleanup()


@asynccontextmanager
async def proxy(*urls: str, token: Callable[[], str] = lambda: TOKEN) -> AsyncIterator[LinkClient]:
    client = LinkClient(urls, token, name="p", engine="none", table=AppTable(), ledger=Ledger())
    task = asyncio.get_running_loop().create_task(client.run())
    try:
        yield client
    finally:
        task.cancel()
        await asyncio.wait({task})


async def linked(client: LinkClient, to: Scaler) -> None:
    await until(lambda: client._table.linked and len(to.proxies.live()) == 1)


def resolved_to(names: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let these names have these addresses, as they are in the dictionary at the time."""
    loop = asyncio.get_running_loop()
    resolve = loop.getaddrinfo

    async def look(host: str, port: int, **more: int) -> object:
        addresses = names.get(host, host).split()
        return [found for address in addresses for found in await resolve(address, port, **more)]

    monkeypatch.setattr(loop, "getaddrinfo", look)


async def test_the_one_that_leads_is_found_among_several_well_within_a_second() -> None:
    took = []
    async with AsyncExitStack() as stack:
        them = [await stack.enter_async_context(candidate()) for _ in range(5)]
        scaler = await them[3].lead()
        for _ in range(ROUNDS):
            began = time.monotonic()
            async with proxy(*(one.url for one in them)) as client:
                await linked(client, scaler)
                took.append(time.monotonic() - began)
            await until(lambda: not scaler.proxies.live())
    assert min(took) < SOON


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt at a deaf address lasts longer than anybody waits here."""
    monkeypatch.setattr(seeking, "ATTEMPT", 600.0)


@pytest.mark.usefixtures("endless")
async def test_an_address_that_does_not_answer_holds_nobody_up() -> None:
    async with AsyncExitStack() as stack:
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))  # takes connections, says nothing
        leader = await stack.enter_async_context(candidate())
        scaler = await leader.lead()
        port = deaf.getsockname()[1]
        urls = [f"http://127.0.0.1:{port}", f"http://localhost:{port}", leader.url]
        client = await stack.enter_async_context(proxy(*urls))
        await linked(client, scaler)


@pytest.mark.usefixtures("endless")
async def test_while_one_does_not_answer_a_standby_that_takes_over_is_found_all_the_same() -> None:
    async with AsyncExitStack() as stack:
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        standby = await stack.enter_async_context(candidate())
        urls = [f"http://127.0.0.1:{deaf.getsockname()[1]}", standby.url]
        client = await stack.enter_async_context(proxy(*urls))
        await until(lambda: client.refused is not None)
        scaler = await standby.lead()
        await linked(client, scaler)
        assert client.refused is None


async def test_a_scaler_whose_address_is_new_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeking, "RESOLVE_AGAIN", 0.05)
    async with AsyncExitStack() as stack:
        leader = await stack.enter_async_context(candidate())
        scaler = await leader.lead()
        port = int(leader.url.rpartition(":")[2])
        names = {"scaler.test": "127.0.0.9"}
        resolved_to(names, monkeypatch)
        client = await stack.enter_async_context(proxy(f"http://scaler.test:{port}"))
        await until(lambda: bool(client._seeker._places._last))
        names["scaler.test"] = "127.0.0.1"
        await linked(client, scaler)


async def test_a_name_with_several_addresses_leads_to_the_one_that_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncExitStack() as stack:
        standby = await stack.enter_async_context(candidate("127.0.0.1"))
        port = int(standby.url.rpartition(":")[2])
        leader = await stack.enter_async_context(candidate("127.0.0.2", port))
        scaler = await leader.lead()
        resolved_to({"scaler.test": "127.0.0.1 127.0.0.2"}, monkeypatch)
        client = await stack.enter_async_context(proxy(f"http://scaler.test:{port}"))
        await linked(client, scaler)


async def test_when_the_lead_changes_hands_proxies_follow_within_a_second() -> None:
    took = []
    async with candidate() as leads, candidate() as other:
        scaler = await leads.lead()
        async with proxy(leads.url, other.url) as client:
            await linked(client, scaler)
            for app in ("b", "c", "d")[:ROUNDS]:
                began = time.monotonic()
                await leads.resign()
                scaler = await other.lead(app)
                await linked(client, scaler)
                took.append(time.monotonic() - began)
                assert [known.view.id for known in client._table] == [app]
                leads, other = other, leads
    assert min(took) < SOON


async def test_one_scaler_after_another_can_lead_in_the_same_process() -> None:
    async with candidate() as it, proxy(it.url) as client:
        for app in ("a", "b", "c"):
            scaler = await it.lead(app)
            await linked(client, scaler)
            assert [known.view.id for known in client._table] == [app]
            await it.resign()
            await until(lambda: not client._table.linked)


async def test_a_standby_says_so_before_it_looks_at_the_token() -> None:
    looked = []

    async def look(token: str) -> str | None:
        looked.append(token)
        return None

    async with candidate(welcome=look) as it, proxy(it.url) as client:
        await until(lambda: client.refused is not None)
        assert "503, as one that does not lead" in (client.refused or "")
        assert looked == []


async def test_a_token_that_is_renewed_is_used_for_the_next_link() -> None:
    tokens, seen = iter(["one", "two"]), []

    async def look(token: str) -> str | None:
        seen.append(token)
        return None if token == "two" else "an old token"

    async with candidate(welcome=look) as it:
        scaler = await it.lead()
        async with proxy(it.url, token=lambda: next(tokens, "two")) as client:
            await linked(client, scaler)
    assert seen == ["one", "two"]


async def test_while_nobody_can_tell_whether_a_token_is_right_the_proxy_is_asked_to_come_again() -> None:
    answers: list[Exception | None] = [CannotTell("the API server does not answer"), None]

    async def look(token: str) -> str | None:
        if error := answers.pop(0):
            raise error
        return None

    async with candidate(welcome=look) as it:
        scaler = await it.lead()
        async with proxy(it.url) as client:
            await linked(client, scaler)
    assert answers == []


async def test_a_scaler_learns_for_how_long_a_proxy_can_tell_of_visits() -> None:
    async with candidate() as it:
        scaler = await it.lead()
        clock = iter([1000.0])
        client = LinkClient(
            *([it.url], lambda: TOKEN),
            name="p",
            engine="none",
            table=AppTable(),
            ledger=Ledger(),
            now=lambda: next(clock, 1500.0),
        )
        task = asyncio.get_running_loop().create_task(client.run())
        await linked(client, scaler)
        since = scaler.proxies.since
        assert since is not None
        assert 499 < scaler.clock.now() - since < 510
        task.cancel()
        await asyncio.wait({task})
