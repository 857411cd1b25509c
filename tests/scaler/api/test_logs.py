"""An app's output over REST."""

import asyncio
import contextlib
import json
import socket

import aiohttp
import pytest
from yarl import URL

from scaler.api import logs
from scaler.logs.batch import Batch
from scaler.logs.logs import TooManyReaders
from tests.scaler.api.fake_control import FakeControl, running, until

JSON = {"Accept": logs.NDJSON}
FOLLOW = "/v1/apps/notes/logs?follow=1"


async def test_the_end_is_plain_text(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    control.written = ["one", "<b>two</b>", "dr\u00fcben \udcff"]
    async with client.get(f"{url}/v1/apps/notes/logs?lines=2") as answer:
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert await answer.text() == "<b>two</b>\ndrüben ?\n"
    control.written = [str(number) for number in range(300)]
    async with client.get(f"{url}/v1/apps/notes/logs") as answer:
        assert (await answer.text()).split() == control.written[-100:]


async def test_the_end_for_programs(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    control.written = ["one", "two"]
    async with client.get(f"{url}/v1/apps/notes/logs", headers=JSON) as answer:
        assert answer.headers["Content-Type"] == logs.NDJSON
        said = [json.loads(line) for line in (await answer.text()).splitlines()]
    assert [one["line"] for one in said] == ["one", "two"]


@pytest.mark.parametrize("lines", ["0", "-1", "10001", "many", "", "1" * 5000, "٣"])
async def test_a_number_of_lines_that_makes_no_sense_is_refused(
    client: aiohttp.ClientSession, url: str, lines: str
) -> None:
    async with client.get(f"{url}/v1/apps/notes/logs", params={"lines": lines}) as answer:
        assert answer.status == 400
        assert "allowed is a whole number from 1 to 10000" in (await answer.json())["detail"]


async def test_following_keeps_no_more_than_a_thousand(client: aiohttp.ClientSession, url: str) -> None:
    async with client.get(f"{url}{FOLLOW}&lines=1001") as answer:
        assert answer.status == 400
        assert "from 0 to 1000" in (await answer.json())["detail"]


async def test_a_time_that_is_none_is_refused(client: aiohttp.ClientSession, url: str) -> None:
    async with client.get(f"{url}/v1/apps/notes/logs", params={"since": "yesterday"}) as answer:
        assert answer.status == 400
        assert "allowed is a time such as" in (await answer.json())["detail"]


async def test_lines_are_followed_as_text(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    async with client.get(f"{url}{FOLLOW}&lines=7&since=2026-01-02T03:04:05Z") as answer:
        assert answer.status == 200, "the head comes although nothing has been written"
        assert control.asked_for == [("notes", 7, "2026-01-02T03:04:05.000000000Z")]
        control.reader.put(Batch(control.lines("one", pod="notes-1")))
        assert await answer.content.readline() == b"notes-1 web: one\n"
        control.reader.put(Batch(control.lines("two")))
        assert await answer.content.readline() == b"two\n"
    await until(lambda: control.ended == ["notes"])


async def test_and_as_json_with_signs_of_life(
    client: aiohttp.ClientSession, url: str, control: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "HEARTBEAT", 0.01)
    async with client.get(url + FOLLOW, headers=JSON) as answer:
        for _ in range(3):
            assert list(json.loads(await answer.content.readline())) == ["now"]
        control.reader.put(Batch(control.lines("one", pod="notes-1")))
        said = json.loads(await answer.content.readline())
        while "now" in said:
            said = json.loads(await answer.content.readline())
    assert (said["pod"], said["container"], said["line"]) == ("notes-1", "web", "one")


async def test_a_slow_reader_is_told_what_it_has_lost(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    control.reader.put(Batch(control.lines(*map(str, range(20_000)))))
    control.reader.put(Batch(control.lines("last")))
    async with client.get(url + FOLLOW, headers=JSON) as answer:
        assert "now" in json.loads(await answer.content.readline())
        assert json.loads(await answer.content.readline()) == {"lost": 20_000}
        assert json.loads(await answer.content.readline())["line"] == "last"


async def test_one_that_takes_nothing_any_more_is_cut_off(
    client: aiohttp.ClientSession, url: str, control: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "WRITE_TIMEOUT", 0.05)
    async with client.get(url + FOLLOW):
        while not control.ended:
            control.reader.put(Batch(control.lines("x" * 1_000_000)))
            await asyncio.sleep(0.01)


async def test_the_stream_ends_when_the_reign_does_and_when_the_api_closes(
    client: aiohttp.ClientSession, control: FakeControl
) -> None:
    async with running(control) as url, client.get(url + FOLLOW) as answer:
        control.reader.put(Batch(control.lines("last")))
        control.reader.end()
        assert await answer.text() == "last\n"
    control = FakeControl("notes")
    async with running(control) as url:
        answer = await client.get(url + FOLLOW)
    assert await answer.text() == ""


async def test_one_reader_too_many_is_told_so(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    control.failure = TooManyReaders("100 readers of logs are here already, no more fit in")
    async with client.get(url + FOLLOW) as answer:
        assert answer.status == 503
        assert (await answer.json())["detail"].startswith("100 readers")


async def test_ends_are_read_a_few_at_a_time_some_wait_and_the_rest_is_sent_away(
    url: str, control: FakeControl
) -> None:
    path = f"{url}/v1/apps/notes/logs"
    control.may_end.clear()
    statuses: list[int] = []

    async def ask(client: aiohttp.ClientSession) -> None:
        async with client.get(path) as answer:
            await answer.read()
            statuses.append(answer.status)

    pool = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=pool) as client, asyncio.TaskGroup() as group:
        for _ in range(logs.AT_ONCE + logs.WAITING + 3):
            group.create_task(ask(client))
        await until(lambda: statuses == [503] * 3)
        assert control.tails == logs.AT_ONCE
        control.may_end.set()
    assert statuses[3:] == [200] * (logs.AT_ONCE + logs.WAITING)


async def test_who_does_not_take_the_end_of_a_log_is_cut_off_and_makes_room(
    client: aiohttp.ClientSession, url: str, control: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "WRITE_TIMEOUT", 0.5)
    control.written = ["x" * 1_000_000] * 8  # more than the kernel takes
    host, port = URL(url).host, URL(url).port
    with contextlib.ExitStack() as open_ones:
        for _ in range(logs.AT_ONCE):
            slow = open_ones.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect((host, port))
            slow.sendall(f"GET /v1/apps/notes/logs HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        await until(lambda: control.tails == logs.AT_ONCE)
        control.written = ["one"]
        async with client.get(f"{url}/v1/apps/notes/logs") as answer:
            assert await answer.text() == "one\n"


async def test_a_head_alone_follows_nothing(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    async with client.head(url + FOLLOW) as answer:
        assert answer.status == 200
    assert control.asked_for == []
