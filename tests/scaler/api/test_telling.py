"""A stream that tells what goes on, and never makes it wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from scaler.api import telling
from scaler.api.telling import Stream


@asynccontextmanager
async def told(streams: list[Stream], go: asyncio.Event) -> AsyncIterator[str]:
    """A server whose one answer tells two things, the second of them once it may."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        stream = Stream(request)  # type: ignore[arg-type]
        streams.append(stream)
        async with asyncio.TaskGroup() as group:
            group.create_task(stream.run())
            stream.put("said", {"text": "ü\n"})
            await go.wait()
            stream.put("report", {})
            await stream.end()
        return stream.response

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        go.set()
        await runner.cleanup()


async def test_each_event_comes_when_it_happens(client: aiohttp.ClientSession) -> None:
    go = asyncio.Event()
    async with told([], go) as url, client.get(url) as answer:
        assert answer.content_type == "text/event-stream"
        assert await answer.content.readline() == b"event: said\n"
        assert await answer.content.readline() == b'data: {"text":"\\u00fc\\n"}\n'
        go.set()
        assert (await answer.content.read()).endswith(b"event: report\ndata: {}\n\n")


async def test_a_quiet_one_gives_signs_of_life(client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "HEARTBEAT", 0.01)
    async with told([], asyncio.Event()) as url, client.get(url) as answer:
        while await answer.content.readline() != b": still here\n":
            pass


async def test_a_reader_who_has_gone_is_nobodys_trouble(client: aiohttp.ClientSession) -> None:
    streams: list[Stream] = []
    go = asyncio.Event()
    async with told(streams, go) as url:
        answer = await client.get(url)
        answer.close()
        await asyncio.sleep(0.05)
        for _ in range(3 * telling.MOST):
            streams[0].put("said", {"text": "x" * 100})
        assert len(streams[0]._waiting) <= telling.MOST
        go.set()
        await streams[0].end()
