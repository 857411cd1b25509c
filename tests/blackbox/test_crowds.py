"""Many visits at one sleeping app: one wake, every visit answered, little memory each; and how long release takes."""

import asyncio
import json
import statistics
from pathlib import Path

import pytest

from tests.blackbox.crowd import Seen, many_files, visits
from tests.blackbox.torpor_up import Tell, Up, answering, starts, wait

pytestmark = pytest.mark.timeout(300)  # starting and stopping Torpor is part of it

KIB = 1024
CROWD = 1_000
MOST = 40 * KIB
"""Bytes that a held visit may take in the proxy and its engine."""


@pytest.mark.usefixtures("engine")
async def test_1000_visits_at_once_are_one_wake_and_1000_answers(up: Up, tell: Tell, tmp_path: Path) -> None:
    log, gate = tmp_path / "starts", tmp_path / "gate"
    torpor = up({"apps": {"app": answering("app", GATE=gate, STARTS=log)}})
    before = torpor.moving()

    with many_files():
        async with asyncio.timeout(100), asyncio.TaskGroup() as group:
            crowd = group.create_task(visits(torpor.listen, "app", CROWD, within=100))
            await asyncio.to_thread(
                wait, lambda: torpor.app("app")["held"] == CROWD, 60, what=lambda: str(torpor.app("app"))
            )
            held = (torpor.moving() - before) / CROWD
            gate.touch()
        seen = crowd.result()

    tell(f"{CROWD} visits held: {held / KIB:.1f} KiB each")
    tell(f"{CROWD} visits released in {_latency(seen)[-1]:.3f} s after the app listened")
    assert [one.status for one in seen] == [200] * CROWD
    assert len(starts(log)) == 1
    assert {json.loads(one.body)["pid"] for one in seen} == {starts(log)[0]["pid"]}
    assert held <= MOST
    await asyncio.to_thread(wait, lambda: torpor.app("app")["in_flight"] == 0)


async def test_the_first_byte_soon_follows_the_moment_the_app_listens(up: Up, tell: Tell, engine: str) -> None:
    torpor = up({"apps": {"app": answering("app", START_DELAY=0.1)}})
    alone: list[float] = []
    for _ in range(10):
        [seen] = await visits(torpor.listen, "app", 1, within=60)
        alone += _latency([seen])
        await asyncio.to_thread(torpor.sleep, "app")
    crowd: list[float] = []
    for _ in range(3):
        crowd += _latency(await visits(torpor.listen, "app", 100, within=60))
        await asyncio.to_thread(torpor.sleep, "app")
    what = f"app listens → first byte with {engine}"
    tell(f"{what}, one held, 10 wakes: p50 {statistics.median(alone) * 1000:.1f} ms")
    tell(f"{what}, 100 held, 3 wakes: p95 {sorted(crowd)[284] * 1000:.1f} ms")


def _latency(seen: list[Seen]) -> list[float]:
    """Seconds from the moment the app listened to each first byte, sorted. Every visit must have succeeded."""
    assert {one.status for one in seen} == {200}
    return sorted(one.first_byte - json.loads(one.body)["listening_at"] for one in seen)
