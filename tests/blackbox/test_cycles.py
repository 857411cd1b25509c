"""Sleep-wake cycles under steady clients that never retry: not one request fails, whatever happens to the proxy."""

import asyncio
import os
import signal
import time

import pytest

from tests.blackbox.apart import Scaler, Start
from tests.blackbox.clients import Book
from tests.blackbox.cycles import Run
from tests.blackbox.torpor_up import Settings, Tell, Up, answering

pytestmark = pytest.mark.timeout(300)  # starting and stopping Torpor is part of it

SHORT = {"cycles": 25, "within": 110.0, "slow": 1.0}
LONG = {"cycles": 1_000, "within": 3_400.0}


def apps(number: int) -> Settings:
    return {f"app{one}": answering(f"app{one}") for one in range(number)}


async def must_fail_nobody(run: Run, tell: Tell, what: str, book: Book | None = None) -> Book:
    book = book or Book()
    told = await run.run(book)
    tell(f"{what}: {told}")
    assert book.failures == []
    assert run.done >= run.cycles
    assert all(book.answered[kind] for kind in ("GET", "POST", "slow GET", "WebSocket")), book
    return book


async def cycles(up: Up, tell: Tell, engine: str, number: int, **how: float) -> None:
    torpor = up({"apps": apps(number)})
    run = Run(torpor, [*apps(number)], **how)  # type: ignore[arg-type]
    await must_fail_nobody(run, tell, f"cycles with {engine}")


async def test_cycles_under_steady_clients_fail_no_request(up: Up, tell: Tell, engine: str) -> None:
    await cycles(up, tell, engine, 4, **SHORT)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_1000_cycles_under_50_steady_clients_fail_no_request(up: Up, tell: Tell, engine: str) -> None:
    await cycles(up, tell, engine, 10, **LONG)


async def kills(scaler: Start, tell: Tell, number: int, every: int, **how: float) -> None:
    """Some apps stay awake: their clients must not notice. The others' may be told 503 while there is no proxy."""
    torpor = scaler({"apps": apps(number)})
    proxy = torpor.proxy("proxy", "haproxy")
    haproxy = proxy.haproxy()
    awake = {"app0", "app1"}
    absent_until = 0.0

    async def kill() -> None:
        nonlocal absent_until
        absent_until = float("inf")
        proxy.kill()
        await asyncio.to_thread(proxy.start)
        absent_until = time.monotonic()

    book = Book(excused=lambda app, began: app not in awake and began < absent_until)
    run = Run(torpor, [*apps(number)], awake=awake, disturb=kill, every=every, **how)  # type: ignore[arg-type]
    await must_fail_nobody(run, tell, "cycles with haproxy, the proxy's Python process killed and started again", book)
    assert run.disturbed
    assert proxy.haproxy() == haproxy


async def test_cycles_while_the_proxy_process_is_killed_fail_no_request(scaler: Start, tell: Tell) -> None:
    await kills(scaler, tell, 4, every=15, **SHORT)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_1000_cycles_while_the_proxy_process_is_killed_fail_no_request(scaler: Start, tell: Tell) -> None:
    await kills(scaler, tell, 10, every=25, **LONG)


async def reloads(scaler: Start, tell: Tell, number: int, every: int, **how: float) -> None:
    """By turns: HAProxy is told to reload by somebody else, and the proxy comes back with other settings."""
    torpor: Scaler = scaler({"apps": apps(number)})
    proxy = torpor.proxy("proxy", "haproxy")
    awake = {"app0"}
    absent_until = 0.0
    turn = 0

    async def reload() -> None:
        nonlocal absent_until, turn
        turn += 1
        if turn % 3:
            os.kill(proxy.haproxy(), signal.SIGUSR2)
            return
        absent_until = float("inf")
        proxy.kill()
        await asyncio.to_thread(proxy.start, "--trusted-proxy", f"192.0.2.{turn % 250}/32")
        absent_until = time.monotonic()

    book = Book(excused=lambda app, began: app not in awake and began < absent_until)
    run = Run(torpor, [*apps(number)], awake=awake, disturb=reload, every=every, **how)  # type: ignore[arg-type]
    await must_fail_nobody(run, tell, "cycles with haproxy, reloaded, every third time with other settings", book)
    assert run.disturbed


async def test_cycles_while_haproxy_is_reloaded_fail_no_request(scaler: Start, tell: Tell) -> None:
    await reloads(scaler, tell, 4, every=6, **SHORT)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_1000_cycles_while_haproxy_is_reloaded_fail_no_request(scaler: Start, tell: Tell) -> None:
    await reloads(scaler, tell, 10, every=10, **LONG)
