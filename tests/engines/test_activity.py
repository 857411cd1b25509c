"""What is in flight is known exactly, and who counts."""

import asyncio
import random
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.engines.street import Street, street
from tests.wire import PATIENCE, App, Asked, request
from torpor.link import Policy
from torpor.words import Address, Phase, Visitor


class Slow(App):
    """Answers when told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        super().__init__(self._wait)

    async def _wait(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(message)


def socket_to_the_app(here: Street) -> connect:
    host, port = here.engine.addresses[0]
    return connect("ws://app.localhost/socket", host=host, port=port, proxy=None, open_timeout=PATIENCE)


async def test_visits_in_flight_are_counted_until_they_end(engine: str, state: Path) -> None:
    async with Slow() as app, street(engine, state) as here:
        await here.awake(app)
        visitors = [await here.visitor() for _ in range(5)]
        for visitor in visitors:
            visitor.send(request("GET", "/", "User-Agent: curl/8"))
        await here.until_in_flight(5)
        assert (await here.work()).busy == 5
        app.go.set()
        for visitor in visitors:
            await visitor.answer()
        await here.until_in_flight(0)
        work = await here.work()
        assert work.busy == 0
        assert work.idle_for is not None
        assert work.idle_for < 60


async def test_a_client_that_leaves_in_the_middle_is_counted_no_more(engine: str, state: Path) -> None:
    async with Slow() as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await here.until_in_flight(1)
        visitor.reset()
        await here.until_in_flight(0)


@pytest.mark.parametrize(
    ("fields", "wake_for", "counts"),
    [
        (("User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1)",), None, False),
        (("User-Agent: kube-probe/1.31",), None, False),
        (("User-Agent: UptimeRobot/2.0 bot",), None, False),
        (("User-Agent: CUBOT telephone",), None, True),
        (("User-Agent: Mozilla/5.0 (KHTML, like Gecko) Chrome/130",), None, True),
        (("User-Agent: HeadlessChrome",), None, True),
        ((), None, True),
        (("Sec-Purpose: prefetch;prerender",), None, False),
        (("Purpose: prefetch",), None, False),
        (("User-Agent: Googlebot/2.1",), (Visitor.CRAWLER,), True),
        (("User-Agent: UptimeRobot/2.0 bot",), (Visitor.CRAWLER,), False),
        (("User-Agent: UptimeRobot/2.0 bot",), (Visitor.MONITOR,), True),
        (("User-Agent: curl/8",), (Visitor.PERSON,), False),
        (("Accept: text/html",), (Visitor.PERSON,), True),
        (("Accept: text/html", "Sec-Fetch-Mode: cors"), (Visitor.PERSON,), False),
        (("Accept: text/html", "Sec-Fetch-Mode: navigate"), (Visitor.PROGRAM,), False),
        (("Accept: text/html", "User-Agent: HeadlessChrome"), (Visitor.PERSON, Visitor.PROGRAM), False),
        (("Accept: text/html", "User-Agent: HeadlessChrome"), (Visitor.AUTOMATED_BROWSER,), True),
    ],
)
async def test_who_counts_is_what_the_doorman_says(
    engine: str, state: Path, fields: tuple[str, ...], wake_for: tuple[Visitor, ...] | None, counts: bool
) -> None:
    async with Slow() as app, street(engine, state) as here:
        await here.awake(app, policy=Policy(wake_for=wake_for) if wake_for else Policy())
        visitor = await here.visitor()
        visitor.send(request("GET", "/", *fields))
        async with asyncio.timeout(PATIENCE):
            while not (await here.work()).busy:
                await asyncio.sleep(0.005)
        work = await here.work()
        assert (work.in_flight, work.busy) == (int(counts), 1)
        assert (work.idle_for is not None) == counts
        app.go.set()
        await visitor.answer()


async def test_a_visit_by_the_wildcard_of_a_far_parent_is_in_flight(engine: str, state: Path) -> None:
    async with Slow() as app, street(engine, state) as here:
        await here.awake(app, routes=("*.app.localhost",))
        visitor = await here.visitor()
        visitor.send(request("GET", "/", "Host: a.b.c.d.e.f.g.h.app.localhost"))
        await here.until_in_flight(1)
        app.go.set()
        await visitor.answer()
        await here.until_in_flight(0)


async def test_a_favicon_does_not_count(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        await here.get("/favicon.ico?v=2")
        assert (await here.work()).idle_for is None


async def test_requests_are_counted_for_the_metrics(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.asleep()
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await here.until_held(1)
        await here.awake(app)
        await visitor.answer()
        for _ in range(7):
            await here.get()
        await here.until_in_flight(0)
        await here.engine.lanes.look()
        counts = here.ledger.report().counts["app"]
        assert counts.requests == {"held forwarded": 1, "fast forwarded": 7}
        assert len(counts.hold_seconds) == 1


async def test_a_websocket_is_in_flight_as_long_as_it_is_open(engine: str, state: Path) -> None:
    async with serve(echo, "127.0.0.1", 0) as server, street(engine, state) as here:
        await here.awake(Address(*next(iter(server.sockets)).getsockname()[:2]))
        async with socket_to_the_app(here) as socket:
            await socket.send("hello")
            assert await socket.recv() == "hello"
            assert (await here.work()).in_flight == 1
        await here.until_in_flight(0)


async def test_a_websocket_may_wait_for_its_app(engine: str, state: Path) -> None:
    async with serve(echo, "127.0.0.1", 0) as server, street(engine, state) as here:
        await here.asleep()

        async def talk() -> str | bytes:
            async with socket_to_the_app(here) as socket:
                await socket.send("hello")
                return await socket.recv()

        async with asyncio.TaskGroup() as group:
            talking = group.create_task(talk())
            await here.until_held(1)
            await here.awake(Address(*next(iter(server.sockets)).getsockname()[:2]))
        assert talking.result() == "hello"
        await here.until_in_flight(0)


async def test_a_drain_is_acknowledged_with_what_is_left(engine: str, state: Path) -> None:
    async with Slow() as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await here.until_in_flight(1)
        here.app(Phase.DRAINING, app)
        async with asyncio.timeout(PATIENCE):
            while not here.drained():
                await asyncio.sleep(0.005)
        work = here.drained()[0].work
        assert (work.in_flight, work.busy, work.held) == (1, 1, 0)
        app.go.set()
        await visitor.answer()


async def test_no_visit_slips_between_a_drain_and_its_acknowledgement(engine: str, state: Path) -> None:
    """Visits come all the time. The app ends as soon as nothing was acknowledged, and no visit may notice."""
    rounds = 20
    async with street(engine, state) as here:
        stop = asyncio.Event()
        answered = 0

        async def come() -> None:
            nonlocal answered
            visitor = await here.visitor()
            while not stop.is_set():
                visitor.send(request("POST", "/", "Content-Length: 4", body=b"body"))
                assert (await visitor.answer()).status == 200
                answered += 1
                await asyncio.sleep(random.uniform(0, 0.03))

        async def live() -> None:
            async with App() as app:
                await here.awake(app)
                seen = answered
                while answered < seen + 3:
                    await asyncio.sleep(0.001)
                while not await drained(app):
                    await here.awake(app)
                    await asyncio.sleep(0.005)  # awake for long enough that who was held gets through
                await here.asleep()

        async def drained(app: App) -> bool:
            knocks, epoch = here.knocks(), here.app(Phase.DRAINING, app)
            while not (said := [told for told in here.drained() if told.epoch == epoch]):
                await asyncio.sleep(0)
            return not said[0].work.busy and not said[0].work.held and here.knocks() == knocks

        async with asyncio.timeout(100), asyncio.TaskGroup() as group:
            comers = [group.create_task(come()) for _ in range(2)]
            for _ in range(rounds):
                await live()
            async with App() as last:
                await here.awake(last)
                stop.set()
                await asyncio.wait(comers)
