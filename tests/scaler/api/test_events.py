"""Server-sent events, as a client meets them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from scaler.api import events as events_module
from scaler.bus import QUEUE, RECENT
from tests.scaler.api.fake_control import FakeControl, running, until


class Stream:
    """A client of the stream that takes it apart by the rules of the format."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def block(self) -> dict[str, str]:
        """The next block: its fields; a comment is the field of no name. Empty at the end."""
        fields: dict[str, str] = {}
        async for line in self._answer.content:
            text = line.decode().rstrip("\n")
            if not text:
                return fields
            name, _, value = text.partition(":")
            fields[name] = value.removeprefix(" ")
        return fields

    async def event(self) -> dict[str, str]:
        """The next block that is an event."""
        while "data" not in (fields := await self.block()):
            assert fields, "the stream has ended"
        return fields

    async def rest(self) -> AsyncIterator[dict[str, str]]:
        """All events until the stream ends."""
        while fields := await self.block():
            if "data" in fields:
                yield fields


async def test_events_come_as_they_happen(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    async with client.get(f"{url}/v1/events") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store"
        stream = Stream(answer)
        assert await stream.block() == {"retry": "2000"}
        control.publish("notes", "phase", 'says "hello"\r\n\r\ndata: not an event')
        event = await stream.event()
    assert (event["id"], event["event"]) == ("1", "phase")
    assert json.loads(event["data"]) == control.bus.recent[0].to_json()


async def test_the_past_is_told_only_when_asked_for(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    for _ in range(5):
        control.publish("notes")
    for query, past in (("", []), ("recent=2", ["4", "5"]), ("recent=500", ["1", "2", "3", "4", "5"])):
        async with client.get(f"{url}/v1/events?follow=0&{query}") as answer:
            assert [event["id"] async for event in Stream(answer).rest()] == past


async def test_a_listener_that_comes_back_is_told_what_it_missed(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    for _ in range(5):
        control.publish("notes")
    async with client.get(f"{url}/v1/events?recent=500", headers={"Last-Event-ID": "3"}) as answer:
        stream = Stream(answer)
        assert [(await stream.event())["id"] for _ in range(2)] == ["4", "5"]
        control.publish("wiki")
        assert (await stream.event())["id"] == "6"


async def test_one_whose_last_event_was_never_kept_is_told_nothing_twice(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    control.publish("notes")
    control.publish("notes", "activity")
    async with client.get(f"{url}/v1/events?follow=0", headers={"Last-Event-ID": "2"}) as answer:
        assert [event async for event in Stream(answer).rest()] == []


async def test_one_who_comes_from_an_earlier_life_of_torpor_is_told_all(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    control.publish("notes")
    async with client.get(f"{url}/v1/events?follow=0", headers={"Last-Event-ID": "7000"}) as answer:
        assert [event["id"] async for event in Stream(answer).rest()] == ["1"]


async def test_one_who_was_away_for_too_long_is_told_that_it_missed_events(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    for _ in range(RECENT + 50):
        control.publish("notes")
    async with client.get(f"{url}/v1/events?follow=0", headers={"Last-Event-ID": "10"}) as answer:
        events = [event async for event in Stream(answer).rest()]
    assert events[0] == {"event": "lost", "data": '{"lost": 40}'}
    assert [event["id"] for event in events[1:]] == [str(number) for number in range(51, RECENT + 51)]


async def test_only_the_app_that_was_asked_for(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    control.publish("notes")
    control.publish("team/shop")
    async with client.get(f"{url}/v1/events?recent=1&app=notes") as answer:
        stream = Stream(answer)
        assert (await stream.event())["id"] == "1"
        control.publish("wiki")
        control.publish("notes")
        assert (await stream.event())["id"] == "4"
    async with client.get(f"{url}/v1/events?app=nobody") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("query", ["recent=501", "recent=-1", "recent=x", "follow=2"])
async def test_a_query_that_makes_no_sense_is_refused(client: aiohttp.ClientSession, url: str, query: str) -> None:
    async with client.get(f"{url}/v1/events?{query}") as answer:
        assert answer.status == 400
        assert answer.content_type == "application/problem+json"


async def test_a_quiet_stream_shows_a_sign_of_life(
    client: aiohttp.ClientSession, url: str, control: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "HEARTBEAT", 0.02)
    async with client.get(f"{url}/v1/events") as answer:
        stream = Stream(answer)
        await stream.block()
        assert await stream.block() == {"": "still here"}
        assert await stream.block() == {"": "still here"}
        control.publish("notes")
        assert (await stream.event())["id"] == "1"


async def test_a_listener_that_leaves_is_forgotten_at_once(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    async with client.get(f"{url}/v1/events"):
        await until(lambda: control.bus.activity_wanted)
    await until(lambda: not control.bus.activity_wanted)  # well before the heartbeat would notice


async def test_too_many_listeners_are_refused_until_one_leaves(
    client: aiohttp.ClientSession, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "MAX_LISTENERS", 1)
    async with client.get(f"{url}/v1/events"), client.get(f"{url}/v1/events") as second:
        assert second.status == 503
        assert second.headers["Retry-After"]
        assert second.content_type == "application/problem+json"
    status = 503
    while status == 503:
        async with client.get(f"{url}/v1/events?follow=0") as third:
            status = third.status
    assert status == 200


@asynccontextmanager
async def slow_reader(url: str, control: FakeControl) -> AsyncIterator[socket.socket]:
    """A listener that has asked for events and does not read, with a small buffer."""
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(reader, (host, int(port)))
        await loop.sock_sendall(reader, b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: control.bus.activity_wanted)
        yield reader


async def test_a_slow_reader_loses_only_its_own_events_and_is_told_how_many(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    async with slow_reader(url, control) as slow, client.get(f"{url}/v1/events") as quick:
        stream = Stream(quick)
        published = 0
        while not any(listener.lost for listener in control.bus._listeners):
            control.publish("notes", "phase", "x" * 10_000)
            published += 1
            assert (await stream.event())["id"] == str(published)  # the quick one has them all
        assert published > QUEUE

        got, lost, data, loop = 0, 0, b"", asyncio.get_running_loop()
        while got + lost < published:
            data += await loop.sock_recv(slow, 1 << 20)
            *lines, data = data.split(b"\n")
            got += lines.count(b"event: phase")
            lost += sum(json.loads(line[6:])["lost"] for line in lines if line.startswith(b'data: {"lost"'))
        assert got + lost == published
        assert lost >= 1


async def test_a_reader_that_takes_nothing_at_all_is_cut_off(
    url: str, control: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "WRITE_TIMEOUT", 0.1)
    async with slow_reader(url, control):
        while control.bus.activity_wanted:
            control.publish("notes", "phase", "x" * 10_000)
            await asyncio.sleep(0)


async def test_streams_end_cleanly_when_the_api_closes(control: FakeControl) -> None:
    async with aiohttp.ClientSession() as client:
        async with running(control) as url:
            answer = await client.get(f"{url}/v1/events")
            stream = Stream(answer)
            await stream.block()
            control.publish("notes")
            await stream.event()
        assert await answer.content.read() == b""  # a chunked body that was cut off would raise
    assert not control.bus.activity_wanted
