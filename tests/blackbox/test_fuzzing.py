"""Broken requests by the thousand: none ends the proxy, none stays in it."""

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.blackbox import raw
from tests.blackbox.torpor_up import Tell, Torpor, Up, answering

MIB = 1024 * 1024
CONNECTIONS = 4

GET = b"GET /x?y=1 HTTP/1.1\r\nHost: app.localhost\r\nAccept: text/html\r\nUser-Agent: fuzz\r\n\r\n"
GOOD = [
    GET,
    GET * 3,
    b"POST /x HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 5\r\n\r\nhello" + GET,
    b"POST /x HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + GET,
    b"PUT /x HTTP/1.1\r\nHost: app.localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    GET.replace(
        b"User-Agent: fuzz",
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Version: 13",
    ),
    GET.replace(b"/x", b"http://app.localhost/x"),
    GET.replace(b"1.1", b"1.0"),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
]


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("engine")
def test_a_minute_of_fuzzing_ends_nothing(up: Up, tell: Tell) -> None:
    fuzz(up({"apps": {"app": answering("app")}}), tell, seconds=60)


@pytest.mark.usefixtures("engine")
def test_some_seconds_of_fuzzing_end_nothing(up: Up, tell: Tell) -> None:
    fuzz(up({"apps": {"app": answering("app")}}), tell, seconds=5)


def fuzz(torpor: Torpor, tell: Tell, seconds: float) -> None:
    torpor.visit("app")
    proxy = torpor.proxy()
    before = torpor.moving()
    seed = int(os.environ.get("FUZZ_SEED", str(time.time_ns() % 1_000_000)))
    end = time.monotonic() + seconds

    def attack(number: int) -> int:
        dice = random.Random(seed + number)
        count = 0
        while time.monotonic() < end:
            raw.send(torpor.listen, mangled(dice, dice.choice(GOOD)), half_close=True, within=2)
            count += 1
        return count

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        count = sum(pool.map(attack, range(CONNECTIONS)))
    grown = torpor.moving() - before
    tell(f"{count} fuzzed requests (FUZZ_SEED={seed}); the proxy's memory grew by {grown / MIB:.1f} MiB")
    assert torpor.proxy() == proxy
    assert torpor.visit("app").status == 200
    assert grown < 64 * MIB
    assert torpor.app("app")["held"] == 0


def mangled(dice: random.Random, sent: bytes) -> bytes:
    """A few things wrong with it."""
    bad = bytearray(sent)
    for _ in range(dice.randint(1, 6)):
        at = dice.randint(0, len(bad))
        match dice.randrange(5):
            case 0:
                bad[at : at + 1] = dice.randbytes(1)
            case 1:
                bad[at:at] = dice.choice([b"\r\n", b"\r\n\r\n", b":", b" ", b"\0", b"\xff", b"0", b",", b";"])
            case 2:
                del bad[at : at + dice.randint(1, 20)]
            case 3:
                bad[at:at] = bad[max(0, at - dice.randint(1, 200)) : at]
            case 4:
                del bad[at:]
    return bytes(bad)
