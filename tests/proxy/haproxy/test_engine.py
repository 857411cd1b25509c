"""HAProxy's life under its proxy process: started, restarted, taken over, drained; real processes throughout."""

import asyncio
import itertools
import os
import signal
import socket
from pathlib import Path

import pytest

from proxy.haproxy.engine import HaproxyEngine
from proxy.haproxy.left import kill_left
from proxy.haproxy.runtime import RuntimeSocket
from proxy.haproxy.state import StateDirectory
from tests.engines.street import Street, street
from tests.proxy.haproxy.lives import Lives, connected, make, takes_connections, wrapper
from tests.wire import PATIENCE, App, Visitor, request, until
from torpor.words import Phase


async def test_after_kill_9_awake_apps_are_served_on_and_the_next_process_takes_over(life: Lives) -> None:
    async with App() as app:
        await life.begin(app)
        first = await life.haproxy()
        visitor = await connected(life.port)
        assert (await visitor.get()).body == b"hello"
        await life.kill()
        assert (await visitor.get()).body == b"hello"
        fresh = await connected(life.port)
        assert (await fresh.get()).body == b"hello"
        await life.begin(app)
        second = await life.haproxy()
        assert first.pid == second.pid
        for one in (visitor, fresh):
            assert (await one.get()).body == b"hello"
            await one.leave()


async def test_a_haproxy_that_was_taken_over_is_started_again_when_it_dies(life: Lives) -> None:
    async with App() as app:
        await life.begin(app)
        await life.kill()
        await life.begin(app)
        taken_over = await life.haproxy()
        os.killpg(taken_over.pid, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while (now := await life.newest()) is None or now.pid == taken_over.pid:
                await asyncio.sleep(0.01)
        visitor = await connected(life.port)
        assert (await visitor.get()).body == b"hello"
        await visitor.leave()


async def test_a_visit_that_needs_the_doorman_waits_for_the_next_proxy_process(life: Lives) -> None:
    async with App() as app:
        await life.begin(app)
        visitor = await connected(life.port)
        visitor.send(request("GET", "/", "Host: nobody.localhost"))
        assert (await visitor.answer()).status == 404
        await life.kill()
        visitor.send(request("GET", "/", "Host: nobody.localhost"))
        await life.begin(app)
        assert (await visitor.answer()).status == 404
        await visitor.leave()


async def test_a_haproxy_that_is_killed_is_started_again_on_the_same_address(state: Path) -> None:
    async with App() as app, street("haproxy", state) as here:
        await here.awake(app)
        assert (await here.get()).body == b"hello"
        engine = here.engine
        assert isinstance(engine, HaproxyEngine)
        pid = engine.pid
        os.killpg(pid, signal.SIGKILL)
        assert (await here.get()).body == b"hello"
        assert engine.pid != pid
        await here.asleep()
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await here.until_held(1)
        await here.awake(app)
        assert (await visitor.answer()).body == b"hello"


async def test_a_haproxy_that_does_not_start_again_is_tried_less_and_less_often_until_it_does(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("proxy.haproxy.succession.RESTART", (0.05, 0.4))
    broken, tries = tmp_path / "broken", tmp_path / "tries"
    program = wrapper(
        tmp_path,
        f"if '-W' in sys.argv and os.path.exists({str(broken)!r}):\n"
        f"    import time\n    print(time.monotonic(), file=open({str(tries)!r}, 'a'))\n"
        "    sys.exit('[ALERT]    (1) : no way')",
    )
    async with App() as app, street("haproxy", state, program=program) as here:
        await here.awake(app)
        broken.touch()
        assert isinstance(here.engine, HaproxyEngine)
        os.killpg(here.engine.pid, signal.SIGKILL)
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await until(lambda: tries.exists() and len(tries.read_text().splitlines()) >= 6)
        broken.unlink()
        assert (await visitor.answer()).body == b"hello"
    assert "HAProxy has ended (signal SIGKILL" in caplog.text
    assert "HAProxy does not start: no way" in caplog.text
    at = [float(line) for line in tries.read_text().splitlines()]
    pauses = [later - before for before, later in itertools.pairwise(at)]
    assert all(pause >= least for pause, least in zip(pauses, (0.1, 0.2, 0.4, 0.4, 0.4), strict=False)), pauses


async def test_what_was_in_flight_in_a_haproxy_that_was_killed_is_forgotten(state: Path) -> None:
    never = asyncio.Event()

    async def hang(*_: object) -> None:
        await never.wait()

    async with App(hang) as app, street("haproxy", state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await here.until_in_flight(1)
        assert isinstance(here.engine, HaproxyEngine)
        os.killpg(here.engine.pid, signal.SIGKILL)
        await here.until_in_flight(0)
        never.set()


async def test_stop_lets_visits_end_and_takes_no_new_ones(state: Path) -> None:
    go = asyncio.Event()

    async def slow(asked: object, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    here = Street()
    async with App(slow) as app:
        here.app(Phase.AWAKE, app)
        async with make(here, state) as engine:
            here.engine = engine
            visitor = await here.visitor()
            visitor.send(request("GET", "/"))
            async with asyncio.timeout(PATIENCE):
                while not app.asked:
                    await asyncio.sleep(0.01)
            async with asyncio.TaskGroup() as group:
                stopping = group.create_task(engine.stop(PATIENCE))
                async with asyncio.timeout(PATIENCE):
                    while await takes_connections(engine.addresses[0][1]):
                        await asyncio.sleep(0.01)
                go.set()
                assert (await visitor.answer()).body == b"ok"
                await visitor.leave()
            assert stopping.result() == 0


async def test_stop_says_how_many_it_cut_off(state: Path) -> None:
    never = asyncio.Event()

    async def hang(*_: object) -> None:
        await never.wait()

    here = Street()
    async with App(hang) as app:
        here.app(Phase.AWAKE, app)
        async with make(here, state) as engine:
            here.engine = engine
            visitor = await here.visitor()
            visitor.send(request("GET", "/"))
            await here.until_in_flight(1)
            pid = engine.pid
            assert await engine.stop(0.3) == 1
            with pytest.raises(ProcessLookupError):
                os.killpg(pid, 0)
            await visitor.leave()
        never.set()


async def test_an_address_that_is_taken_is_named(state: Path) -> None:
    async with App() as app:
        engine = make(Street(), state, listen=tuple(app.address))
        with pytest.raises(OSError, match=rf"cannot listen on 127.0.0.1:{app.address.port}: Address already in use"):
            await engine.__aenter__()


async def test_a_second_proxy_on_the_same_state_directory_is_turned_away(state: Path) -> None:
    async with make(Street(), state):
        with pytest.raises(OSError, match="another proxy uses the state directory"):
            await make(Street(), state).__aenter__()


async def test_a_state_directory_that_others_may_enter_is_refused(state: Path) -> None:
    state.chmod(0o755)
    with pytest.raises(OSError, match="chmod 700"):
        await make(Street(), state).__aenter__()


async def test_a_missing_haproxy_is_said(state: Path) -> None:
    with pytest.raises(OSError, match="HAProxy is not installed"):
        await make(Street(), state, program="no-such-haproxy").__aenter__()


async def test_what_a_killed_proxy_process_has_left_can_be_ended(life: Lives) -> None:
    async with App() as app:
        await life.begin(app)
        await life.kill()
        assert await takes_connections(life.port)
        kill_left(life.directory)
        async with asyncio.timeout(PATIENCE):
            while await takes_connections(life.port):
                await asyncio.sleep(0.01)
        kill_left(life.directory)


async def test_it_listens_on_ipv6_and_hands_its_listener_out(state: Path) -> None:
    if not socket.has_dualstack_ipv6():
        return  # there is no IPv6 here
    async with App() as app:
        here = Street()
        here.app(Phase.AWAKE, app)
        async with make(here, state, listen=("::1", 0)) as engine:
            visitor = await Visitor.to(engine)
            assert (await visitor.get()).body == b"hello"
            await visitor.leave()
            handed_out = await RuntimeSocket(StateDirectory(state).generations()[-1].runtime_socket).listeners()
            assert engine.addresses[0] in [one.getsockname()[:2] for one in handed_out]
            for one in handed_out:
                one.close()
