"""Every error is problem JSON, whoever raised it."""

import asyncio
import json
import logging

import aiohttp
import pytest

from tests.scaler.api.fake_control import FakeControl


async def raw(url: str, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """What a server answers to these bytes on a connection of its own."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        return int(head[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))
    finally:
        writer.close()
        await writer.wait_closed()


async def test_an_unknown_path_is_told_the_nearest_routes(client: aiohttp.ClientSession, url: str) -> None:
    async with client.get(f"{url}/v1/app") as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"
        problem = await answer.json()
    assert problem["title"] == "Not Found"
    assert problem["status"] == 404
    assert problem["detail"].startswith("There is nothing at /v1/app. Near it: /v1/apps")
    assert problem["near"][0] == "/v1/apps"


async def test_an_unknown_path_that_is_near_nothing_is_told_all(client: aiohttp.ClientSession, url: str) -> None:
    async with client.get(f"{url}/{'x' * 3000}") as answer:
        assert answer.status == 404
        problem = await answer.json()
    assert "/v1/apps/{id}/wake" in problem["near"]
    assert len(problem["detail"]) < 600


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("GET", "/v1/reload", "POST"), ("POST", "/v1/apps", "GET, HEAD"), ("OPTIONS", "/v1/info", "GET, HEAD")],
)
async def test_a_wrong_method_is_told_the_right_one(
    client: aiohttp.ClientSession, url: str, method: str, path: str, allow: str
) -> None:
    async with client.request(method, url + path) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == allow
        assert answer.content_type == "application/problem+json"
        assert f"{path} takes {allow.partition(',')[0]}, not {method}." in (await answer.json())["detail"]


async def test_an_error_inside_is_logged_and_not_told(
    client: aiohttp.ClientSession, url: str, control: FakeControl, caplog: pytest.LogCaptureFixture
) -> None:
    control.failure = RuntimeError("secret of the house")
    async with client.post(f"{url}/v1/apps/notes/wake") as answer:
        assert answer.status == 500
        assert answer.content_type == "application/problem+json"
        assert "secret" not in await answer.text()
    assert "secret of the house" in caplog.text
    async with client.get(f"{url}/healthz") as answer:
        assert answer.status == 200


async def test_a_key_error_inside_is_not_taken_for_an_unknown_app(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    control.failure = KeyError("replicas")
    async with client.post(f"{url}/v1/apps/notes/wake") as answer:
        assert answer.status == 500


async def test_a_body_that_is_too_large_is_refused(client: aiohttp.ClientSession, url: str) -> None:
    async with client.post(f"{url}/v1/reload", data=b"x" * 65_537) as answer:
        assert answer.status == 413
        assert answer.content_type == "application/problem+json"
        assert "64 KiB" in (await answer.json())["detail"]
    async with client.post(f"{url}/v1/reload", data=b"x" * 60_000) as answer:
        assert answer.status == 200


async def test_a_chunked_body_that_goes_on_and_on_is_refused(url: str) -> None:
    head = b"POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, headers, _ = await raw(url, head + b"8000\r\n" + b"x" * 0x8000 + b"\r\n" + b"9000\r\n" + b"x" * 0x9000)
    assert status == 413
    assert headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not http\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: -4\r\n\r\n",
        b"POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /v1/apps HTTP/1.1\r\n\r\n",
        b"GET /v1/apps HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    ],
)
async def test_bytes_that_are_not_http_are_a_400_in_problem_json_too(
    url: str, request_bytes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    status, headers, body = await raw(url, request_bytes)
    assert status == 400
    assert headers["content-type"].startswith("application/problem+json")
    assert json.loads(body)["status"] == 400
    assert not caplog.records  # anyone can send rubbish; it must not fill the log


@pytest.mark.parametrize("expectation", [b"the-unexpected", b"\xc7\xff", b""])
async def test_an_expectation_that_cannot_be_met_is_problem_json(url: str, expectation: bytes) -> None:
    head = b"POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nExpect: "
    status, headers, _ = await raw(url, head + expectation + b"\r\n\r\n")
    assert status == 417
    assert headers["content-type"].startswith("application/problem+json")


async def test_a_client_that_asks_first_may_send_its_body(url: str) -> None:
    head = b"POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n{}"
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head)
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.close()
    await writer.wait_closed()
