"""Anything at any time: clients and apps that misbehave at random, and books that are right afterwards."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable

import pytest

from proxy.visit import Answer
from tests.addons.doubles import HELLO, NOWHERE, App, Asked, House, Visitor, house, request, reset, until

WHOLE = [
    request("GET", "/"),
    request("GET", "/", "Connection: close"),
    request("HEAD", "/"),
    request("GET", "/answer"),
    request("POST", "/answer", "Content-Length: 5", body=b"hello"),
    request("POST", "/", "Content-Length: 100000", body=bytes(100_000)),
    request("POST", "/", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"),
    request("POST", "/", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\nX: 1\r\n\r\n"),
    request("POST", "/", "Content-Length: 5", "Expect: 100-continue", body=b"hello"),
    request("GET", "/", "Connection: Upgrade", "Upgrade: echo") + b"bytes",
    b"GET / HTTP/1.0\r\nHost: app.localhost\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    request("GET", "/") * 5,
]


def misbehaves(dice: random.Random) -> Callable[..., object]:
    async def handler(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(dice.random() * 0.01)
        match dice.randrange(12):
            case 0:
                reset(writer)
            case 1:
                writer.close()
            case 2:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
                writer.close()
            case 3:
                writer.write(HELLO)
                writer.close()
            case 4:
                writer.write(dice.randbytes(200))
                writer.close()
            case 5:
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
                await asyncio.sleep(dice.random() * 0.01)
                writer.write(b"0\r\n\r\n")
            case 6:
                writer.write(HELLO + HELLO)
            case 7:
                writer.write(b"HTTP/1.1 101 Switching\r\nUpgrade: echo\r\n\r\nwelcome")
                await reader.read(100)
                writer.close()
            case 8:
                writer.write(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
                writer.close()
            case _:
                writer.write(HELLO)

    return handler


async def misbehave(here: House, dice: random.Random) -> None:
    """One client with one of many ways to behave."""
    visitor = await here.visitor()
    with contextlib.suppress(OSError):
        for _ in range(dice.randrange(1, 4)):
            data = mangled(dice)
            step = dice.choice((7, 1000)) if len(data) < 1000 else 100_000
            for at in range(0, len(data), step):
                visitor.send(data[at : at + step])
                await visitor.writer.drain()
            await read_a_little(visitor, dice)
        match dice.randrange(4):
            case 0:
                visitor.reset()
            case 1:
                visitor.writer.write_eof()
                await read_a_little(visitor, dice)
    await visitor.leave()


def mangled(dice: random.Random) -> bytes:
    """A request, or what is left of one."""
    data = bytearray(dice.choice(WHOLE))
    if dice.random() < 0.3:
        for _ in range(dice.randrange(1, 10)):
            data[dice.randrange(len(data))] = dice.randrange(256)
    if dice.random() < 0.3:
        del data[dice.randrange(len(data)) :]
    return dice.randbytes(500) if dice.random() < 0.1 else bytes(data)


async def read_a_little(visitor: Visitor, dice: random.Random) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(dice.random() * 0.05):
            await visitor.reader.read(dice.choice((10, 100_000)))


async def storm(rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    async with App(misbehaves(dice)) as app, house(app) as here:  # type: ignore[arg-type]
        here.doorman.answers["/answer"] = Answer(503, [], b"asleep")
        for turn in range(rounds):
            here.doorman.asleep = dice.random() < 0.3
            here.doorman.awake.clear()
            here.doorman.retries = dice.randrange(3)
            here.doorman.address = NOWHERE if dice.random() < 0.1 else app.address
            async with asyncio.TaskGroup() as group:
                for _ in range(20):
                    group.create_task(misbehave(here, dice))
                await asyncio.sleep(dice.random() * 0.05)
                here.doorman.wake()
            if turn % 10 == 9:
                await here.is_empty()
        here.doorman.wake()
        await here.is_empty()
        assert len(here.doorman.forwards) > rounds
        await until(lambda: not here.doorman.held)
        here.doorman.address = app.address
        app._handler = HELLO
        assert (await here.get()).status == 200


@pytest.mark.parametrize("seed", range(3))
async def test_the_books_are_right_after_a_storm(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    await storm(20, seed)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_the_books_are_right_after_a_long_storm(caplog: pytest.LogCaptureFixture) -> None:
    for seed in range(100, 140):
        await storm(100, seed)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
