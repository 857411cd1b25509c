"""Who may do what, with and without a token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from yarl import URL

from scaler.logs.batch import Batch
from tests.scaler.api.fake_control import FakeControl, an_app, running

TOKEN = "correct horse battery"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer é"},
        {"Torpor-Token": "wrong"},
        {"Torpor-Token": ""},
        {"Torpor-Token": f"Bearer {TOKEN}"},
        {"Torpor-Token": "é", "Authorization": "Bearer wrong"},
    ],
)
async def test_a_change_without_the_token_is_refused(
    client: aiohttp.ClientSession, control: FakeControl, headers: dict[str, str]
) -> None:
    async with (
        running(control, token=TOKEN) as url,
        client.post(f"{url}/v1/apps/notes/wake", headers=headers) as answer,
    ):
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="torpor"'
        assert answer.content_type == "application/problem+json"
        assert TOKEN not in await answer.text()
    assert not control.causes


async def test_the_token_opens_and_is_compared_by_bytes(client: aiohttp.ClientSession, control: FakeControl) -> None:
    token = "schlüssel zum schlaf"
    async with running(control, token=token) as url:
        for scheme in ("Bearer", "bearer"):
            headers = {"Authorization": f"{scheme} {token}"}
            async with client.post(f"{url}/v1/apps/notes/wake", headers=headers) as answer:
                assert answer.status == 200


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic bm8="])
async def test_the_token_may_come_beside_an_authorization_for_somebody_else(
    client: aiohttp.ClientSession, control: FakeControl, authorization: str | None
) -> None:
    headers = {"Torpor-Token": TOKEN} | ({"Authorization": authorization} if authorization else {})
    async with (
        running(control, token=TOKEN) as url,
        client.post(f"{url}/v1/apps/notes/wake", headers=headers) as answer,
    ):
        assert answer.status == 200


@pytest.mark.parametrize(("site", "status"), [(None, 200), ("same-origin", 200), ("cross-site", 403)])
async def test_through_an_api_server_programs_and_the_own_page_may_make_changes(
    client: aiohttp.ClientSession, control: FakeControl, site: str | None, status: int
) -> None:
    path = "/api/v1/namespaces/torpor/services/http:torpor-scaler:api/proxy/v1/apps/notes/wake"
    headers = {"Host": "cluster.example:6443", "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Uri": path}
    headers |= {"Sec-Fetch-Site": site} if site else {}
    everywhere = running(control, listen=("0.0.0.0", 0))
    async with everywhere as url, client.post(f"{url}/v1/apps/notes/wake", headers=headers) as answer:
        assert answer.status == status


@pytest.mark.parametrize(
    "path", ["/v1/apps", "/v1/apps/notes", "/v1/apps/team/logs", "/v1/events?follow=0", "/metrics"]
)
async def test_with_a_token_reads_are_free_and_any_name_will_do(
    client: aiohttp.ClientSession, control: FakeControl, path: str
) -> None:
    control.apps["team/logs"] = an_app("team/logs")
    headers = {"Host": "torpor.example.com"}
    async with running(control, token=TOKEN) as url, client.get(url + path, headers=headers) as answer:
        assert answer.status == 200


@asynccontextmanager
async def standing_by(control: FakeControl) -> AsyncIterator[str]:
    """A scaler that asks the one that leads; both know the token."""
    async with (
        running(control, token=TOKEN) as leads,
        running(FakeControl(), token=TOKEN, leader=lambda: leads) as url,
    ):
        yield url


@pytest.mark.parametrize(
    "path", ["logs", "logs?follow=1", "logs?follow=1&since=2026-01-02T03:04:05Z", "%6Cogs", "%2Flogs"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("forwarded", [False, True])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Torpor-Token": "", "Origin": "null"}])
async def test_with_a_token_no_output_is_read_without_it(
    client: aiohttp.ClientSession,
    control: FakeControl,
    method: str,
    path: str,
    forwarded: bool,
    headers: dict[str, str],
) -> None:
    control.written = ["password=hunter2"]
    there = standing_by(control) if forwarded else running(control, token=TOKEN)
    async with there as url:
        asked = URL(f"{url}/v1/apps/notes/{path}" if path != "%2Flogs" else f"{url}/v1/apps/notes{path}", encoded=True)
        async with client.request(method, asked, headers=headers) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="torpor"'
            assert "hunter2" not in await answer.text()
    assert control.asked_for == []


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {TOKEN}"}, {"Torpor-Token": TOKEN}])
@pytest.mark.parametrize("forwarded", [False, True])
async def test_with_the_token_output_is_read_and_followed(
    client: aiohttp.ClientSession, control: FakeControl, forwarded: bool, headers: dict[str, str]
) -> None:
    control.written = ["one"]
    async with standing_by(control) if forwarded else running(control, token=TOKEN) as url:
        async with client.get(f"{url}/v1/apps/notes/logs", headers=headers) as answer:
            assert (answer.status, await answer.text()) == (200, "one\n")
        async with client.get(f"{url}/v1/apps/notes/logs?follow=1", headers=headers) as answer:
            assert answer.status == 200
            control.reader.put(Batch(control.lines("two")))
            assert await answer.content.readline() == b"two\n"


async def test_without_a_token_output_is_free(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    control.written = ["one"]
    async with client.get(f"{url}/v1/apps/notes/logs") as answer:
        assert await answer.text() == "one\n"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
        {"Origin": ""},
        {"Origin": "http://localhost:1"},
    ],
)
async def test_a_page_of_another_site_changes_nothing(
    client: aiohttp.ClientSession, url: str, control: FakeControl, headers: dict[str, str]
) -> None:
    async with client.post(f"{url}/v1/apps/notes/wake", headers=headers) as answer:
        assert answer.status == 403
        assert answer.content_type == "application/problem+json"
    assert not control.causes
    async with client.get(f"{url}/v1/apps", headers=headers) as answer:
        assert answer.status == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_the_own_page_and_programs_may_make_changes(client: aiohttp.ClientSession, url: str) -> None:
    for headers in ({}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": url}, {"Origin": url, "Sec-Fetch-Site": "none"}):
        async with client.post(f"{url}/v1/apps/notes/wake", headers=headers) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8081", "localhost.evil.example", "", "127.0.0.1.evil.x"]
)
@pytest.mark.parametrize("path", ["/v1/apps", "/", "/metrics", "/nothing"])
async def test_on_loopback_a_name_that_another_site_has_pointed_here_is_refused(
    client: aiohttp.ClientSession, url: str, host: str, path: str
) -> None:
    async with client.get(url + path, headers={"Host": host}) as answer:
        assert answer.status == 403
        assert "localhost" in (await answer.json())["detail"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8081", "127.0.0.1:8081", "[::1]:8081", "[::1]", "192.0.2.7"])
async def test_on_loopback_local_names_and_addresses_are_fine(
    client: aiohttp.ClientSession, url: str, host: str
) -> None:
    async with client.get(f"{url}/v1/apps", headers={"Host": host}) as answer:
        assert answer.status == 200


async def test_on_other_addresses_any_name_is_fine(client: aiohttp.ClientSession, control: FakeControl) -> None:
    headers = {"Host": "torpor.example.com"}
    everywhere = running(control, listen=("0.0.0.0", 0))
    async with everywhere as url, client.get(f"{url}/v1/apps", headers=headers) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", ["/", "/v1/apps", "/nothing", "/metrics"])
async def test_every_answer_carries_the_security_headers(client: aiohttp.ClientSession, url: str, path: str) -> None:
    async with client.get(url + path) as answer:
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Server"] == "torpor"
