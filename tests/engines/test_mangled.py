"""Requests with a few bytes wrong, by the thousand: whatever an engine makes of them, an app reads it in one way."""

import asyncio
import contextlib
import os
import random
import time
from pathlib import Path

import pytest

from tests.engines.street import street
from tests.engines.strict import StrictApp

GET = b"GET /x?y=1 HTTP/1.1\r\nHost: app.localhost\r\nAccept: text/html\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /x HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
BOTH = CHUNKED.replace(b"Transfer", b"Content-Length: 4\r\nTransfer")
UPGRADE = GET.replace(b"Accept: text/html", b"Connection: Upgrade\r\nUpgrade: odd/1")
GOOD = (GET, POST + GET, CHUNKED + GET, BOTH + GET, UPGRADE + GET, GET.replace(b"/x", b"http://app.localhost/x"))
LINES = (b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: other\r\n")
BREAKS = (b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b"\0", b"\x0b", b"\xff")
PIECES = (*LINES, *BREAKS, b":", b"0", b",", b";", b"-", b"chunked", b"1" * 20)


def mangled(dice: random.Random) -> bytes:
    bad = bytearray(dice.choice(GOOD))
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(bad))
        match dice.randrange(4):
            case 0:
                bad[at : at + 1] = dice.randbytes(1)
            case 1:
                bad[at:at] = dice.choice(PIECES)
            case 2:
                del bad[at : at + dice.randint(1, 6)]
            case 3:
                bad[at:at] = bad[max(0, at - dice.randint(1, 60)) : at]
    return bytes(bad)


async def attack(engine: str, state: Path, seconds: float) -> None:
    seed = int(os.environ.get("FUZZ_SEED", time.time_ns() % 1_000_000))
    end = time.monotonic() + seconds
    async with StrictApp() as app, street(engine, state) as here:
        await here.awake(app)

        async def attacker(number: int) -> None:
            dice = random.Random(seed + number)
            while time.monotonic() < end:
                sent = mangled(dice)
                reader, writer = await asyncio.open_connection(*here.engine.addresses[0])
                writer.write(sent)
                with contextlib.suppress(TimeoutError, ConnectionError):
                    async with asyncio.timeout(0.05):
                        await reader.read()
                writer.transport.abort()
                assert not app.doubts, (seed, app.doubts, sent)

        async with asyncio.TaskGroup() as group:
            for number in range(8):
                group.create_task(attacker(number))
        visitor = await here.visitor()
        for target in ("/one", "/two"):
            assert (await visitor.get(target)).body == f"app {target}".encode()
        assert not app.doubts, seed
        assert app.read


async def test_some_seconds_of_mangled_requests(engine: str, state: Path) -> None:
    await attack(engine, state, 5)


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_two_minutes_of_mangled_requests(engine: str, state: Path) -> None:
    await attack(engine, state, 120)
