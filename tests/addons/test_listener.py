"""The listener: patience that ends, and a drain that waits for what is in flight and cuts the rest."""

import asyncio

import pytest

from addons.engine import MitmproxyEngine
from addons.layers import visits
from tests.addons.doubles import HELLO, App, Asked, Doorman, Visitor, house, request, until
from tests.ports import somewhere


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "HEAD_TIMEOUT", 0.5)
    monkeypatch.setattr(visits, "IDLE_TIMEOUT", 0.5)


@pytest.mark.usefixtures("impatient")
async def test_a_head_that_does_not_come_to_its_end_is_refused() -> None:
    async with house() as here:
        visitor = await here.visitor()
        visitor.send(b"GET / HTTP/1.1\r\nHost: app.loc")
        assert (await visitor.answer()).status == 408
        assert await visitor.rest() == b""


@pytest.mark.usefixtures("impatient")
async def test_a_client_that_says_nothing_is_let_go() -> None:
    async with App() as app, house(app) as here:
        visitor = await here.visitor()
        assert await visitor.rest() == b""
        visitor = await here.visitor()
        assert (await visitor.get()).status == 200
        assert await visitor.rest() == b""


async def test_patience_starts_anew_with_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEAD_TIMEOUT", "IDLE_TIMEOUT"):
        monkeypatch.setattr(visits, name, 2.0)
    async with App() as app, house(app) as here:
        here.engine.listener._tick()
        visitor = await here.visitor()
        for _ in range(15):
            await asyncio.sleep(0.3)
            here.engine.listener._tick()
            assert (await visitor.get()).status == 200


@pytest.mark.usefixtures("impatient")
async def test_nothing_held_or_in_flight_is_ever_cut_off() -> None:
    go = asyncio.Event()

    async def slow(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        writer.write(HELLO)

    async with App(slow) as app, house(app) as here:
        quick = await here.visitor()
        quick.send(request("GET", "/"))
        await until(lambda: app.asked)
        here.doorman.asleep = True
        held = await here.visitor()
        held.send(request("GET", "/"))
        await asyncio.sleep(2.5)
        go.set()
        here.doorman.wake()
        assert (await quick.answer()).body == (await held.answer()).body == b"hello"


async def test_a_drain_ends_when_what_is_in_flight_has_ended() -> None:
    go = asyncio.Event()

    async def slow(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked.target == "/slow":
            await go.wait()
        writer.write(HELLO)

    async with App(slow) as app, house(app, listen=somewhere()) as here:
        idle, slow_one, held = [await here.visitor() for _ in range(3)]
        assert (await idle.get()).status == 200
        slow_one.send(request("GET", "/slow"))
        await until(lambda: len(app.asked) == 2)
        here.doorman.asleep = True
        held.send(request("GET", "/held"))
        await until(lambda: here.doorman.held)
        address = here.engine.addresses[0]
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(here.engine.stop(30))
            assert await idle.rest() == b""
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*address)
            assert not stopping.done()
            here.doorman.wake()
            got = await held.answer()
            assert (got.status, got.headers["connection"]) == (200, "close")
            go.set()
            assert (await slow_one.answer()).headers["connection"] == "close"
        assert stopping.result() == 0


async def test_a_drain_cuts_what_does_not_end() -> None:
    async def never(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with App(never) as app, house(app) as here:
        first, second, partial = [await here.visitor() for _ in range(3)]
        first.send(request("GET", "/"))
        await until(lambda: app.asked)
        here.doorman.asleep = True
        second.send(request("GET", "/"))
        partial.send(b"GET / HT")
        await until(lambda: here.doorman.held)
        assert await here.engine.stop(0.1) == 2
        assert here.doorman.in_flight == 0
        for visitor in (first, second, partial):
            assert await visitor.rest() == b""
        await until(lambda: here.doorman.left == 1)


async def test_an_engine_that_is_left_without_a_stop_hands_everything_back() -> None:
    async def never(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with App(never) as app:
        doorman = Doorman(app.address)
        async with MitmproxyEngine(doorman, listen=("127.0.0.1", 0)) as engine:
            visitor = await Visitor.to(engine)
            visitor.send(request("GET", "/"))
            await until(lambda: app.asked)
        assert doorman.in_flight == 0
        assert doorman.mistakes == []
        await visitor.leave()


async def test_a_doorman_who_does_not_let_go_does_not_keep_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addons.engine.LAST_WORDS", 0.1)

    class Stubborn(Doorman):
        async def admit(self, visit: object, gone: asyncio.Event) -> object:  # type: ignore[override]
            self.held += 1
            await asyncio.Event().wait()
            return None

    doorman = Stubborn()
    doorman.asleep = True
    async with MitmproxyEngine(doorman, listen=("127.0.0.1", 0)) as engine:  # type: ignore[arg-type]
        visitor = await Visitor.to(engine)
        visitor.send(request("GET", "/"))
        await until(lambda: doorman.held)
    await visitor.leave()
