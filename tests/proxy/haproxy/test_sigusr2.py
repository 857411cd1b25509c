"""Somebody else reloads HAProxy (SIGUSR2 to its master): no visit is lost, overlooked or sent to a stale address."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest
from websockets.asyncio.server import serve

from proxy.haproxy.configuration import KEPT
from proxy.haproxy.engine import HaproxyEngine
from proxy.haproxy.state import StateDirectory
from proxy.lanes import LaneError
from tests.engines.street import Street, street
from tests.engines.test_activity import Slow, echo, socket_to_the_app
from tests.proxy.haproxy.lives import traffic
from tests.wire import PATIENCE, App, Asked, request, until
from torpor.words import Address, Phase


async def workers(here: Street) -> list[int]:
    """HAProxy's worker processes, the newest first."""
    assert isinstance(here.engine, HaproxyEngine)
    current = here.engine._lives.current
    assert current is not None
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await current.workers()
            except LaneError:
                await asyncio.sleep(0.01)


async def reload(here: Street) -> None:
    """As an operator would; returns when another worker serves, and is known here."""
    assert isinstance(here.engine, HaproxyEngine)
    before = await workers(here)
    os.kill(here.engine.pid, signal.SIGUSR2)
    async with asyncio.timeout(PATIENCE):
        while (now := await workers(here))[:1] in ([], before[:1]):
            await asyncio.sleep(0.01)
        while now[0] not in here.engine.lanes._workers:
            await asyncio.sleep(0.01)


async def drained(here: Street, app: App | Address) -> tuple[int, int]:
    """What the acknowledgement of a drain tells: in flight, and held."""
    epoch = here.app(Phase.DRAINING, app)
    async with asyncio.timeout(PATIENCE):
        while not (said := [told for told in here.drained() if told.epoch == epoch]):
            await asyncio.sleep(0.005)
    return said[0].work.in_flight, said[0].work.held


async def test_open_work_of_the_worker_before_is_seen_until_it_ends(state: Path) -> None:
    async with Slow() as app, street("haproxy", state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await here.until_in_flight(1)
        await reload(here)
        assert (await here.work()).in_flight == 1
        assert await drained(here, app) == (1, 0)
        app.go.set()
        assert (await visitor.answer()).body == b"ok"
        await here.until_in_flight(0)
        assert await drained(here, app) == (0, 0)
        async with asyncio.timeout(PATIENCE):
            while len(await workers(here)) > 1:
                await here.work()  # the last counts are read; then it may end


async def test_a_websocket_stays_open_and_keeps_its_app_awake_over_as_many_reloads_as_are_kept(state: Path) -> None:
    async with serve(echo, "127.0.0.1", 0) as server, street("haproxy", state) as here:
        address = Address(*next(iter(server.sockets)).getsockname()[:2])
        await here.awake(address)
        async with contextlib.AsyncExitStack() as stack:
            sockets = []
            for count in range(KEPT):
                sockets.append(await stack.enter_async_context(socket_to_the_app(here)))
                assert (await here.work()).in_flight == count + 1
                await reload(here)
            for number, socket in enumerate(sockets):
                await socket.send(str(number))
                assert await socket.recv() == str(number)
            assert await drained(here, address) == (KEPT, 0)
        await here.until_in_flight(0)


async def test_held_visits_stay_held_and_are_answered(state: Path) -> None:
    async with App() as app, street("haproxy", state) as here:
        await here.asleep()
        visitors = [await here.visitor() for _ in range(5)]
        for visitor in visitors:
            visitor.send(request("POST", "/", "Content-Length: 4", body=b"body"))
        await here.until_held(5)
        await reload(here)
        assert (await here.work()).held == 5
        await here.awake(app)
        for visitor in visitors:
            assert (await visitor.answer()).body == b"hello"
        assert [asked.body for asked in app.asked] == [b"body"] * 5


async def test_a_held_visit_whose_app_then_refuses_it_comes_back_to_the_doorman(state: Path) -> None:
    async with App() as gone:
        dead = gone.address
    async with App() as app, street("haproxy", state) as here:
        await here.asleep()
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 4", body=b"body"))
        await here.until_held(1)
        await reload(here)
        await here.awake(dead)
        await until(lambda: any(getattr(message, "address", None) == dead for message in here.sent))
        await here.awake(app)
        assert (await visitor.answer()).body == b"hello"
        assert [asked.body for asked in app.asked] == [b"body"]


async def test_an_address_that_belongs_to_another_app_by_now_is_not_used(state: Path) -> None:
    """The app was there when HAProxy began. It moved, and its port is another's: no visit may come there."""
    here = Street()
    async with App() as first, App() as now:
        here.app(Phase.AWAKE, first)
        async with street("haproxy", state, here=here):
            assert (await here.get()).body == b"hello"
            await here.awake(now)
            before = len(first.asked)
            async with traffic(here.engine.addresses[0][1]):
                for _ in range(3):
                    await reload(here)
            assert len(first.asked) == before
            await here.asleep()
            now_asked = len(now.asked)
            visitor = await here.visitor()
            visitor.send(request("GET", "/"))
            await reload(here)
            await here.until_held(1)
            assert (len(first.asked), len(now.asked)) == (before, now_asked)
            await here.awake(now)
            assert (await visitor.answer()).status == 200


async def test_no_addresses_are_on_disk(state: Path) -> None:
    here = Street()
    async with App() as app:
        here.app(Phase.AWAKE, app)
        async with street("haproxy", state, here=here):
            assert (await here.get()).body == b"hello"
            directory = StateDirectory(state).generations()[-1].path
            assert (directory / "addresses.map").read_text() == (directory / "several.map").read_text() == ""
            assert (directory / "routes.map").read_text() == "app.localhost/ app\n"
            assert not [
                path
                for path in directory.rglob("*")
                if path.is_file() and str(app.address.port).encode() in path.read_bytes()
            ]


@pytest.mark.parametrize("keep", [False, True])
async def test_under_traffic_no_request_fails_and_none_is_counted_twice(state: Path, keep: bool) -> None:
    async with App() as app, street("haproxy", state) as here:
        await here.awake(app)
        async with traffic(here.engine.addresses[0][1], keep=keep) as came:
            for _ in range(3):
                await here.work()
                await reload(here)
        async with asyncio.timeout(PATIENCE):
            while await here.is_busy() or len(await workers(here)) > 1:
                await asyncio.sleep(0.01)
        requests = here.ledger.report().counts["app"].requests
        assert len(app.asked) == came.answered
        assert 0 < sum(requests.values()) <= len(app.asked)


async def test_a_reload_with_a_broken_configuration_changes_nothing_and_is_told(
    state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with App() as app, street("haproxy", state) as here:
        await here.awake(app)
        before = await workers(here)
        configuration = StateDirectory(state).generations()[-1].path / "haproxy.cfg"
        good = configuration.read_text()
        configuration.write_text(f"{good}\nno such word\n")
        assert isinstance(here.engine, HaproxyEngine)
        os.kill(here.engine.pid, signal.SIGUSR2)
        await until(lambda: "HAProxy: config : parsing [haproxy.cfg:" in caplog.text)
        for _ in range(20):
            assert (await here.get()).body == b"hello"
        assert await workers(here) == before
        await here.asleep()
        configuration.write_text(good)
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await here.until_held(1)
        await here.awake(app)
        assert (await visitor.answer()).body == b"hello"


async def test_uploads_and_downloads_go_on(state: Path) -> None:
    on = asyncio.Event()

    async def both_ways(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6000000\r\n\r\n")
        writer.write(bytes(3_000_000))
        await on.wait()
        writer.write(await reader.readexactly(3_000_000))

    async with App(both_ways, read_body=False) as app, street("haproxy", state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 3000000", body=b"x" * 1_000_000))
        await visitor.head()
        assert await visitor.reader.readexactly(2_000_000) == bytes(2_000_000)
        await reload(here)
        assert (await here.work()).in_flight == 1
        on.set()
        visitor.send(b"x" * 2_000_000)
        async with asyncio.timeout(PATIENCE):
            assert await visitor.reader.readexactly(4_000_000) == bytes(1_000_000) + b"x" * 3_000_000


async def test_a_visit_that_a_fresh_worker_knew_nothing_of_is_counted_all_the_same(state: Path) -> None:
    """It began with the routes as they were on disk, and was not told yet: the doorman says whose visit it is."""
    async with Slow() as app, street("haproxy", state) as here:
        await here.awake(app)
        assert isinstance(here.engine, HaproxyEngine)
        serving = here.engine.lanes._serving
        assert serving is not None
        await serving.socket.do(["clear map routes.map", "clear map addresses.map"])
        visitor, crawler = await here.visitor(), await here.visitor()
        visitor.send(request("GET", "/"))
        crawler.send(request("GET", "/", "User-Agent: Googlebot/2.1"))
        await here.until_in_flight(1)
        async with asyncio.timeout(PATIENCE):
            while (await here.work()).busy != 2:
                await asyncio.sleep(0.005)
        serving.lines = None
        await here.settle()
        app.go.set()
        for one in (visitor, crawler):
            assert (await one.answer()).body == b"ok"
        await here.until_in_flight(0)
