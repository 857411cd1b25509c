"""Which sessions of HAProxy are uploads that have stalled; what they look like in full is in tests/engines."""

import asyncio
from pathlib import Path

from proxy.haproxy.configuration import Timeouts
from proxy.haproxy.uploads import BATCH
from tests.engines.street import street
from tests.wire import App, Asked, request


async def test_of_many_sessions_only_those_are_ended_that_owe_more_of_a_body(state: Path) -> None:
    go = asyncio.Event()

    async def wait(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    count = BATCH + 10
    async with App(wait, read_body=False) as app, street("haproxy", state, timeouts=Timeouts(body=1.0)) as here:
        await here.awake(app)
        patient = [await here.visitor() for _ in range(count)]
        for at, visitor in enumerate(patient):
            visitor.send(request("GET", "/") if at % 2 else request("POST", "/", "Content-Length: 1", body=b"x"))
        await here.until_in_flight(count)
        stalled = [await here.visitor() for _ in range(count)]
        for visitor in stalled:
            visitor.send(request("POST", "/", "Content-Length: 10", body=b"x"))
        await here.until_in_flight(2 * count)
        await here.until_in_flight(count)
        for visitor in stalled:
            await visitor.rest()
        await asyncio.sleep(2.0)
        assert (await here.work()).in_flight == count
        go.set()
        assert {(await visitor.answer()).status for visitor in patient} == {200}
