"""The WebSocket app, with a client that is not the bench's own."""

from websockets.asyncio.client import connect

from bench.apps.echo import accept
from bench.processes import helper
from bench.websocket import SIZE


def test_the_answer_to_an_upgrade_is_the_protocols_own() -> None:
    head = b"GET /chat HTTP/1.1\r\nHost: a\r\nsec-WebSocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in accept(head)


def test_who_asks_for_no_upgrade_is_answered_too() -> None:
    assert accept(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 200 ")


async def test_each_message_comes_back() -> None:
    with helper("bench.apps.echo", "0") as (_, port):
        async with connect(f"ws://127.0.0.1:{port}/", compression=None) as client:
            for _ in range(3):
                await client.send("x" * SIZE)
                assert await client.recv() == "x" * SIZE
