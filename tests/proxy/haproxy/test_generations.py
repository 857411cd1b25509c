"""HAProxy is replaced by one with other settings: nobody notices, nothing open is lost or overlooked, none stays."""

import asyncio
import contextlib
import logging
import os
import random
import signal
import socket
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from proxy.haproxy import generations
from proxy.haproxy.configuration import KEPT
from proxy.haproxy.left import kill_left, processes_in
from proxy.haproxy.runtime import RuntimeSocket
from proxy.haproxy.state import StateDirectory
from tests.engines.street import Street
from tests.engines.test_activity import Slow, echo
from tests.proxy.haproxy.lives import Lives, connected, make, takes_connections, traffic, wrapper
from tests.wire import PATIENCE, App, Asked, request, until
from torpor.words import Address, Phase


def running(directory: Path) -> list[int]:
    """The lives that have processes, by number."""
    found = StateDirectory(directory).generations()
    return [one.number for one in found if processes_in(one.path)]


async def until_only(directory: Path, number: int) -> None:
    await until(lambda: running(directory) == [number])


async def until_replaced(directory: Path) -> None:
    """Wait until all but the newest have closed their listeners."""

    def listens(path: Path) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
            return one.connect_ex(str(path)) == 0

    await until(lambda: not any(listens(one.runtime_socket) for one in StateDirectory(directory).generations()[:-1]))


def socket_to(port: int) -> connect:
    return connect("ws://app.localhost/socket", host="127.0.0.1", port=port, proxy=None)


@pytest.mark.parametrize("keep", [False, True])
async def test_other_settings_are_taken_under_traffic_and_nobody_notices(life: Lives, keep: bool) -> None:
    async with App() as app:
        await life.begin(app)
        async with traffic(life.port, keep=keep) as came:
            for settings in ({"idle": 60.0}, {"idle": 60.0, "threads": 1}, {"trusted_proxies": ["10.0.0.0/8"]}):
                await life.kill()
                await life.begin(app, **settings)
        assert came.answered == len(app.asked)
        await until(lambda: len(running(life.directory)) == 1)
        written = StateDirectory(life.directory).generations()[-1].path / "haproxy.cfg"
        assert "{ src 10.0.0.0/8 }" in written.read_text()


async def test_what_is_open_goes_on_and_is_seen_by_the_next_process(life: Lives, state: Path) -> None:
    """An upload, a download and a WebSocket over a change of settings; an app with open work is not put to sleep."""
    on = asyncio.Event()

    async def both_ways(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n")
        writer.write(bytes(1_000_000))
        await on.wait()
        writer.write(await reader.readexactly(2_000_000))

    async with App(both_ways, read_body=False) as app:
        await life.begin(app)
        visitor = await connected(life.port)
        visitor.send(request("POST", "/", "Content-Length: 2000000", body=b"x" * 500_000))
        await visitor.head()
        await life.kill()
        here = Street()
        here.app(Phase.AWAKE, app)
        async with make(here, state, listen=("127.0.0.1", life.port), idle=60.0) as engine:
            here.engine = engine
            assert running(state) == [1, 2]
            assert (await here.work()).in_flight == 1
            here.app(Phase.DRAINING, app)
            await here.settle()
            assert here.ledger.work("app").in_flight == 1
            idle_before = here.ledger.work("app").idle_for
            on.set()
            visitor.send(b"x" * 1_500_000)
            async with asyncio.timeout(PATIENCE):
                assert await visitor.reader.readexactly(3_000_000) == bytes(1_000_000) + b"x" * 2_000_000
            await visitor.leave()
            await here.until_in_flight(0)
            assert idle_before is not None
            assert (here.ledger.work("app").idle_for or 0) < 5.0
            await until_only(state, 2)


async def test_held_visits_wait_on_and_come_back_when_their_app_refuses_them(life: Lives, state: Path) -> None:
    async with App() as gone:
        dead = gone.address
    async with App() as app:
        await life.begin(app)
        visitor = await connected(life.port)
        visitor.send(request("POST", "/", "Host: other.localhost", "Content-Length: 4", body=b"body"))
        runtime = RuntimeSocket((await life.haproxy()).directory.runtime_socket)
        async with asyncio.timeout(PATIENCE):
            while "key=other " not in await runtime.ask("show table activity"):
                await asyncio.sleep(0.01)
        await life.kill()
        here = Street()
        here.app(Phase.ASLEEP, name="other")
        async with make(here, state, listen=("127.0.0.1", life.port), idle=60.0) as engine:
            here.engine = engine
            await here.until_held(1, "other")
            await here.awake(dead, name="other")
            await until(lambda: any(getattr(message, "address", None) == dead for message in here.sent))
            await here.awake(app, name="other")
            assert (await visitor.answer()).body == b"hello"
            assert [asked.body for asked in app.asked] == [b"body"]
            await visitor.leave()


@pytest.mark.parametrize(
    ("broken", "words"), [("-c", "does not accept its configuration: no way"), ("-W", "does not start: no way")]
)
async def test_a_haproxy_that_does_not_start_leaves_the_one_before_serving(
    life: Lives, state: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str, words: str
) -> None:
    program = wrapper(tmp_path, f"if {broken!r} in sys.argv:\n    sys.exit('[ALERT]    (1) : no way')")
    async with Slow() as app:
        await life.begin(app)
        before = await life.haproxy()
        old = await connected(life.port)
        old.send(request("GET", "/"))
        await until(lambda: len(app.asked) == 1)
        await life.kill()
        here = Street()
        here.app(Phase.AWAKE, app)
        with caplog.at_level(logging.ERROR):
            async with make(here, state, listen=("127.0.0.1", life.port), idle=60.0, program=program) as engine:
                here.engine = engine
                assert engine.pid == before.pid
                assert running(state) == [1]
                assert f"(process {before.pid}) serves on with its old settings: HAProxy {words}" in caplog.text
                await here.until_in_flight(1)
                here.app(Phase.DRAINING, app)
                await here.settle()
                new = await here.visitor()
                new.send(request("GET", "/"))
                await here.until_held(1)
                here.app(Phase.AWAKE, app)
                await here.settle()
                app.go.set()
                for visitor in (old, new):
                    assert (await visitor.answer()).body == b"ok"
                    await visitor.leave()


async def test_five_reloads_in_a_row_keep_every_websocket(life: Lives, state: Path) -> None:
    async with serve(echo, "127.0.0.1", 0) as server, App() as app, contextlib.AsyncExitStack() as stack:
        app.address = Address(*next(iter(server.sockets)).getsockname()[:2])
        sockets = []
        for number in range(5):
            await life.begin(app, idle=50.0 + number)
            await until_replaced(state)
            sockets.append(await stack.enter_async_context(socket_to(life.port)))
            await life.kill()
        here = Street()
        here.app(Phase.AWAKE, app)
        async with make(here, state, listen=("127.0.0.1", life.port), idle=60.0) as engine:
            here.engine = engine
            assert running(state) == [1, 2, 3, 4, 5, 6]
            assert (await here.work()).in_flight == 5
            for one in sockets:
                await one.send("still there")
                assert await one.recv() == "still there"
            await sockets.pop(2).close()
            await here.until_in_flight(4)
            await until(lambda: running(state) == [1, 2, 4, 5, 6])
            assert await engine.stop(0.3) == 4
            assert running(state) == []
    assert not state.exists()


async def test_more_than_can_be_kept_end_the_oldest(
    life: Lives, state: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(generations, "LAST_CALL", 0.2)
    async with Slow() as app:
        visitors = []
        for number in range(KEPT + 1):
            await life.begin(app, idle=50.0 + number)
            await until_replaced(state)
            visitors.append(await connected(life.port))
            visitors[-1].send(request("GET", "/"))
            await until(lambda count=number: len(app.asked) > count)
            await life.kill()
        here = Street()
        here.app(Phase.AWAKE, app)
        with caplog.at_level(logging.WARNING):
            async with make(here, state, listen=("127.0.0.1", life.port), idle=60.0) as engine:
                here.engine = engine
                await until(lambda: running(state) == list(range(2, KEPT + 3)))
                await here.until_in_flight(KEPT)
                assert f"more than {KEPT} HAProxys that were replaced still have visits" in caplog.text
                app.go.set()
                for visitor in visitors[1:]:
                    assert (await visitor.answer()).body == b"ok"
                    await visitor.leave()
        await visitors[0].leave()


async def test_the_newest_dies_while_one_that_was_replaced_serves_on(life: Lives, state: Path) -> None:
    async with Slow() as app:
        await life.begin(app)
        old = await connected(life.port)
        old.send(request("GET", "/"))
        await until(lambda: len(app.asked) == 1)
        await life.kill()
        here = Street()
        here.app(Phase.AWAKE, app)
        async with make(here, state, listen=("127.0.0.1", life.port), idle=60.0) as engine:
            here.engine = engine
            await until_replaced(state)
            new = await here.visitor()
            new.send(request("GET", "/"))
            await here.until_in_flight(2)
            pid = engine.pid
            os.killpg(pid, signal.SIGKILL)
            await here.until_in_flight(1)
            await until(lambda: engine.pid not in (0, pid))
            assert (await here.work()).in_flight == 1
            app.go.set()
            assert (await old.answer()).body == b"ok"
            await old.leave()
            assert (await here.get()).body == b"ok"
            await here.until_in_flight(0)
            await new.leave()


async def test_a_proxy_process_may_be_killed_at_any_moment_of_a_reload(life: Lives) -> None:
    async with App() as app:
        await life.begin(app)
        async with traffic(life.port) as came:
            for count in range(6):
                await life.kill()
                await life.start(app, idle=50.0 + count)
                await asyncio.sleep(random.uniform(0.2, 1.0))
            await life.kill()
            await life.begin(app, idle=40.0)
        assert came.answered == len(app.asked)
        newest = StateDirectory(life.directory).generations()[-1].number
        await until_only(life.directory, newest)
        await until(lambda: [one.number for one in StateDirectory(life.directory).generations()] == [newest])


async def test_another_address_is_taken_and_the_one_before_refuses(life: Lives, state: Path) -> None:
    async with App() as app:
        await life.begin(app)
        await life.kill()
        here = Street()
        here.app(Phase.AWAKE, app)
        async with make(here, state, listen=("127.0.0.1", 0)) as engine:
            here.engine = engine
            assert engine.addresses[0][1] == life.port  # any port will do
        await life.begin(app)
        await life.kill()
        async with App() as other:
            with pytest.raises(OSError, match="Address already in use"):
                await make(here, state, listen=tuple(other.address)).__aenter__()
            port = other.address.port
            visitor = await connected(life.port)
            assert (await visitor.get()).body == b"hello"
            await visitor.leave()
        async with make(here, state, listen=("127.0.0.1", port)) as engine:
            here.engine = engine
            assert (await here.get()).body == b"hello"
            assert not await takes_connections(life.port)


async def test_all_that_a_killed_proxy_process_has_left_is_ended_and_cleared_away(life: Lives) -> None:
    async with Slow() as app:
        for number in range(3):
            await life.begin(app, idle=50.0 + number)
            await until_replaced(life.directory)
            visitor = await connected(life.port)
            visitor.send(request("GET", "/"))
            await until(lambda count=number: len(app.asked) > count)
            await life.kill()
            visitor.writer.close()
        await life.begin(app, idle=50.0)
        kill_left(life.directory)
        assert await takes_connections(life.port), "a proxy process uses it"
        await life.kill()
        kill_left(life.directory)
        assert not life.directory.exists(), [*life.directory.rglob("*")]
        async with asyncio.timeout(PATIENCE):
            while await takes_connections(life.port):
                await asyncio.sleep(0.01)
