"""Starting and stopping: addresses, ports that are taken, goodbyes in bounded time."""

import asyncio
import errno
import logging
import socket
import time

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from scaler.api import Api
from scaler.api.connection import SILENCE
from tests.scaler.api.fake_control import FakeControl, no_link, running, until
from torpor import link as wire
from torpor.words import Address


async def test_port_0_is_any_free_port_and_the_address_tells_which(control: FakeControl) -> None:
    api = Api(control, link=no_link, token=None, listen=("127.0.0.1", 0))
    assert api.addresses == []
    async with api:
        assert [address.host for address in api.addresses] == ["127.0.0.1"]
        assert api.addresses[0].port > 0
    assert api.addresses == []


async def test_a_port_that_is_taken_is_named_with_what_to_do(control: FakeControl) -> None:
    async with Api(control, link=no_link, token=None, listen=("127.0.0.1", 0)) as first:
        port = first.addresses[0].port
        with pytest.raises(OSError, match=f"^the API cannot listen on 127.0.0.1:{port}: .*already.*api") as caught:
            async with Api(control, link=no_link, token=None, listen=("127.0.0.1", port)):
                pass
        assert caught.value.errno == errno.EADDRINUSE
    async with Api(control, link=no_link, token=None, listen=("127.0.0.1", port)) as again:
        assert again.addresses == [Address("127.0.0.1", port)]


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
async def test_an_address_that_is_not_here_is_named_too(control: FakeControl, host: str) -> None:
    with pytest.raises(OSError, match=rf"cannot listen on {host}:0: .*is that an address of this machine"):
        async with Api(control, link=no_link, token=None, listen=(host, 0)):
            pass


async def test_a_client_that_is_gone_without_a_word_is_noticed(
    client: aiohttp.ClientSession, control: FakeControl
) -> None:
    patience: list[int] = []

    async def link(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        sock = request.transport.get_extra_info("socket")
        patience.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT))
        return web.Response()

    async with running(control, link=link) as url, client.get(url + wire.PATH) as answer:
        assert answer.status == 200
    assert patience == [2_000 * SILENCE]


async def test_the_link_is_mounted_and_closed_with_the_api(control: FakeControl) -> None:
    ended = asyncio.Event()

    async def link(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        try:
            async for message in ws:
                await ws.send_str(f"heard {message.data}")
        finally:
            await ws.close(code=1001)
            ended.set()
        return ws

    async with aiohttp.ClientSession() as client:
        async with running(control, link=link) as url:
            ws = await client.ws_connect(f"{url}{wire.PATH}")
            await ws.send_str("hello")
            assert await ws.receive_str() == "heard hello"
            began = time.monotonic()
            receiving = asyncio.gather(ws.receive())
        assert ended.is_set()
        assert time.monotonic() - began < 10
        (message,) = await receiving
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)


async def test_a_link_that_says_no_goodbye_is_cut_off_quietly(
    control: FakeControl, caplog: pytest.LogCaptureFixture
) -> None:
    async def link(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await asyncio.Event().wait()
        return ws

    caplog.set_level(logging.INFO)
    async with aiohttp.ClientSession() as client:
        async with running(control, link=link) as url:
            ws = await client.ws_connect(f"{url}{wire.PATH}")
        assert (await ws.receive()).type in (WSMsgType.CLOSED, WSMsgType.ERROR)
    assert not caplog.records


async def test_one_who_waits_for_a_wake_is_told_that_torpor_stops(
    client: aiohttp.ClientSession, control: FakeControl
) -> None:
    control.may_end.clear()
    async with asyncio.TaskGroup() as group, running(control) as url:
        waking = group.create_task(client.post(f"{url}/v1/apps/notes/wake"))
        await control.asked.wait()
    async with waking.result() as answer:
        assert answer.status == 503
        assert (await answer.json())["detail"] == "Torpor is stopping."


async def test_a_handler_that_does_not_end_cannot_hold_up_the_end(control: FakeControl) -> None:
    cancelled = 0

    async def link(request: web.Request) -> web.StreamResponse:
        nonlocal cancelled
        control.asked.set()
        while cancelled < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled += 1
        return web.Response()

    async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as group:
        async with running(control, link=link) as url:
            stubborn = group.create_task(_failure(client.get(f"{url}{wire.PATH}")))
            await control.asked.wait()
            began = time.monotonic()
        assert time.monotonic() - began < 20  # it is 2 s; a busy machine has time
    assert stubborn.result()


async def _failure(request: object) -> bool:
    try:
        await request  # type: ignore[misc] # a request of aiohttp's client
    except aiohttp.ClientError:
        return True
    return False


async def test_an_idle_connection_does_not_hold_up_the_end(control: FakeControl) -> None:
    async with aiohttp.ClientSession() as client:
        async with running(control) as url:
            async with client.get(f"{url}/healthz"):
                pass
            began = time.monotonic()
        assert time.monotonic() - began < 10


async def test_requests_are_logged_at_debug_only(
    client: aiohttp.ClientSession, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scaler")
    async with client.get(f"{url}/healthz"):
        pass
    assert not caplog.records
    caplog.set_level(logging.DEBUG, "scaler")
    async with aiohttp.ClientSession() as other, other.get(f"{url}/v1/apps/a%0Ab"):
        pass
    await until(lambda: caplog.records)
    assert "GET '/v1/apps/a\\nb' 404" in caplog.text
