"""Open work keeps an app awake, however quiet it is; when it ends, the app sleeps."""

import asyncio
import sys
import time

from websockets.asyncio.client import connect

from tests.blackbox.torpor_up import APPS, Torpor, Up, answering

IDLE = 1.0
OPEN = 4.0
"""Seconds of open work: several idle timeouts."""


async def must_stay_awake(torpor: Torpor, app: str, seconds: float) -> None:
    await asyncio.to_thread(torpor.wait_phase, app, "awake")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert await asyncio.to_thread(torpor.phase, app) == "awake"
        await asyncio.sleep(0.1)


async def test_an_open_websocket_keeps_the_app_awake(up: Up) -> None:
    echo = {"hosts": ["echo.localhost"], "command": [sys.executable, str(APPS / "echo.py"), "{port}"]}
    torpor = up({"idle_timeout": IDLE, "apps": {"echo": echo}})
    host, port = torpor.listen
    url = f"ws://echo.localhost:{port}/"
    async with connect(url, host=host, ping_interval=None, open_timeout=60, max_size=None) as socket:
        await socket.send("good morning")  # held: the socket was opened while the app slept
        assert await socket.recv() == "good morning"
        await must_stay_awake(torpor, "echo", OPEN)
        assert torpor.app("echo")["in_flight"] == 1
        await socket.send(b"x" * 3_000_000)
        assert await socket.recv() == b"x" * 3_000_000
    await asyncio.to_thread(torpor.wait_phase, "echo", "asleep")


async def test_a_running_download_keeps_the_app_awake(up: Up) -> None:
    torpor = up({"idle_timeout": IDLE, "apps": {"app": answering("app")}})
    download = asyncio.to_thread(torpor.visit, "app", f"/stream?seconds={OPEN + 2}")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(download)
        await must_stay_awake(torpor, "app", OPEN)
    assert running.result().body.count(b"tick") > 10
    await asyncio.to_thread(torpor.wait_phase, "app", "asleep")


async def test_a_slow_request_keeps_the_app_awake(up: Up) -> None:
    torpor = up({"idle_timeout": IDLE, "apps": {"app": answering("app")}})
    slow = asyncio.to_thread(torpor.visit, "app", f"/slow?seconds={OPEN + 2}")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(slow)
        await must_stay_awake(torpor, "app", OPEN)
    assert running.result().status == 200
    await asyncio.to_thread(torpor.wait_phase, "app", "asleep")


async def test_an_operator_s_sleep_waits_for_open_work(up: Up) -> None:
    torpor = up({"apps": {"app": answering("app")}})
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(asyncio.to_thread(torpor.visit, "app", "/slow?seconds=3"))
        await asyncio.to_thread(torpor.wait_phase, "app", "awake")
        told = await asyncio.to_thread(torpor.rest, "POST", "/v1/apps/app/sleep")
    assert slow.result().status == 200
    assert told.status in (200, 409)
