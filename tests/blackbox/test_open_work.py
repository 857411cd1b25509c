"""Open work keeps an app awake, however quiet it is; when it ends, the app sleeps."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from websockets.asyncio.client import connect

from tests.blackbox.asking import Reply
from tests.blackbox.torpor_up import APPS, Torpor, answering, wait

IDLE = 0.7
OPEN = 3.0
"""Seconds of open work: several idle timeouts."""


@pytest.fixture(scope="module")
def torpor(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Torpor]:
    apps = {
        "app": answering("app"),
        "echo": {"hosts": ["echo.localhost"], "command": [sys.executable, str(APPS / "echo.py"), "{port}"]},
    }
    with Torpor.up(tmp_path_factory.mktemp("open"), {"engine": engine, "idle_timeout": IDLE, "apps": apps}) as running:
        yield running


async def must_stay_awake(torpor: Torpor, app: str, busy: Callable[[], bool]) -> None:
    """From now on, as long as it is busy. A sleep that is tried and called off (`draining`) cuts nothing off."""
    await asyncio.to_thread(torpor.wait_phase, app, "awake")
    looks = 0
    while busy():
        phase = await asyncio.to_thread(torpor.phase, app)
        assert phase in ("awake", "draining") or not busy(), phase
        looks += 1
        await asyncio.sleep(0.05)
    assert looks > 1


async def visit_while_watched(torpor: Torpor, path: str) -> Reply:
    """The answer to a long visit, during which the app must stay awake and after which it must sleep."""
    async with asyncio.TaskGroup() as group:
        visit = group.create_task(asyncio.to_thread(torpor.visit, "app", path))
        await must_stay_awake(torpor, "app", lambda: not visit.done())
    await asyncio.to_thread(torpor.wait_phase, "app", "asleep")
    return visit.result()


async def test_an_open_websocket_keeps_the_app_awake(torpor: Torpor) -> None:
    host, port = torpor.listen
    url = f"ws://echo.localhost:{port}/"
    async with connect(url, host=host, ping_interval=None, open_timeout=60, max_size=None) as socket:
        await socket.send("good morning")  # held: the socket was opened while the app slept
        assert await socket.recv() == "good morning"
        end = time.monotonic() + OPEN
        await must_stay_awake(torpor, "echo", lambda: time.monotonic() < end)
        await asyncio.to_thread(wait, lambda: torpor.app("echo")["in_flight"] == 1)
        await socket.send(b"x" * 3_000_000)
        assert await socket.recv() == b"x" * 3_000_000
    await asyncio.to_thread(torpor.wait_phase, "echo", "asleep")


async def test_a_running_download_keeps_the_app_awake(torpor: Torpor) -> None:
    assert (await visit_while_watched(torpor, f"/stream?seconds={OPEN}")).body.count(b"tick") > 10


async def test_a_slow_request_keeps_the_app_awake(torpor: Torpor) -> None:
    assert (await visit_while_watched(torpor, f"/slow?seconds={OPEN}")).status == 200


async def test_an_operator_does_not_cut_off_open_work(torpor: Torpor) -> None:
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(asyncio.to_thread(torpor.visit, "app", "/slow?seconds=2"))
        await asyncio.to_thread(torpor.wait_phase, "app", "awake")
        told = await asyncio.to_thread(torpor.rest, "POST", "/v1/apps/app/sleep")
    assert slow.result().status == 200
    assert told.status in (200, 409)
