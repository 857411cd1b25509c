"""One look whether an app is well in the words of gRPC."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import h2.config
import h2.connection
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.probing.connecting import connect
from scaler.probing.grpchealth import check
from tests.scaler.probing.grpc_server import NOT_SERVING, SERVING, UNKNOWN, Health
from torpor.words import Address

type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def look(address: Address, service: str = "", patience: float = 20.0) -> str:
    connection = await connect(address, 20.0)
    assert isinstance(connection, socket.socket)
    with connection:
        return await check(connection, address, service, patience)


async def ask(health: Health, service: str = "") -> str:
    async with health.running() as address:
        return await look(address, service)


@contextlib.asynccontextmanager
async def saying(answer: bytes, *, leaves: bool = True) -> AsyncIterator[Address]:
    """A server that answers anything with this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            await reader.read(4096)
            writer.write(answer)
            await writer.drain()
            if not leaves:
                await reader.read()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield Address(*server.sockets[0].getsockname())


async def test_the_question_is_one_that_any_grpc_server_understands() -> None:
    health = Health()
    assert await ask(health, "team.Notes") == "SERVING"
    [(headers, question)] = health.asked
    assert headers[":path"] == "/grpc.health.v1.Health/Check"
    assert headers["content-type"] == "application/grpc"
    assert headers["te"] == "trailers"
    assert question == b"\0\0\0\0\x0c\x0a\x0ateam.Notes"


async def test_without_a_service_the_whole_server_is_meant() -> None:
    health = Health()
    assert await ask(health) == "SERVING"
    assert health.asked[0][1] == b"\0\0\0\0\0"


async def test_a_long_name_is_asked_for_as_it_is() -> None:
    health = Health()
    await ask(health, "s" * 300)
    assert health.asked[0][1] == b"\0\0\0\x01\x2f\x0a\xac\x02" + b"s" * 300


@pytest.mark.parametrize(
    ("health", "words"),
    [
        (Health(NOT_SERVING), "NOT_SERVING"),
        (Health(UNKNOWN), "UNKNOWN"),
        (Health(b"\0\0\0\0\2\x08\3"), "SERVICE_UNKNOWN"),
        (Health(b"", grpc_status="5"), "NOT_FOUND"),
        (Health(b"", grpc_status="12"), "UNIMPLEMENTED"),
        (Health(SERVING, grpc_status="14"), "UNAVAILABLE"),
        (Health(b"", grpc_status="13"), "gRPC status 13"),
        (Health(b"", grpc_status="x" * 1000), "gRPC status " + "x" * 28),
        (Health(b"", http_status="404", grpc_status=""), "gRPC status "),
        (Health(b"\1" + SERVING[1:]), "not a health check's answer"),
        (Health(SERVING + b"\0"), "not a health check's answer"),
        (Health(b"\0\0\0\0\2\x08\x63"), "not a health check's answer"),
        (Health(reset=True), "closed without an answer"),
        (Health(goodbye=True), "closed without an answer"),
        (Health(b"\0" * 16_000), "not a health check's answer"),
    ],
)
async def test_what_an_answer_means(health: Health, words: str) -> None:
    assert await ask(health) == words


async def test_an_answer_may_come_in_pieces() -> None:
    assert await ask(Health(pieces=3)) == "SERVING"


async def test_who_speaks_http_1_is_not_well() -> None:
    async with saying(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as address:
        assert await look(address) == "not HTTP/2"


async def test_who_leaves_without_a_word() -> None:
    async with saying(b"") as address:
        assert await look(address) == "closed without an answer"


async def test_an_answer_without_end_is_none() -> None:
    async with saying(b"\0\0\0\4\0\0\0\0\0" * 10_000) as address:  # settings, which say nothing
        assert await look(address) == "closed without an answer"


def conversation() -> bytes:
    """All that a server sends that is well."""
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    client.initiate_connection()
    server.initiate_connection()
    headers = {":method": "POST", ":scheme": "http", ":path": "/", ":authority": "a"}
    client.send_headers(1, list(headers.items()), end_stream=True)
    server.receive_data(client.data_to_send())
    Health().answer(server, 1)
    return server.data_to_send()


@given(start=st.integers(0, 200), end=st.integers(0, 200), instead=st.binary(max_size=20), leave=st.booleans())
async def test_whatever_a_server_sends_there_is_an_answer_in_words(
    start: int, end: int, instead: bytes, leave: bool
) -> None:
    sent = conversation()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        theirs.sendall(sent[:start] + instead + sent[end:])
        if leave:
            theirs.shutdown(socket.SHUT_WR)
        words = await check(ours, Address("10.1.2.3", 80), "", 20.0 if leave else 0.01)
    assert 0 < len(words) < 60


async def test_what_is_spoilt_there_is_a_good_answer() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        theirs.sendall(conversation())
        assert await check(ours, Address("10.1.2.3", 80), "", 20.0) == "SERVING"


async def test_no_answer_in_time() -> None:
    async with saying(b"\0\0\0\4\0\0\0\0\0", leaves=False) as address:
        assert await look(address, patience=0.05) == "nothing within 0.05s"
