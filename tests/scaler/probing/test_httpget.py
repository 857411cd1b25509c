"""One look whether an app answers well."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.probing.connecting import connect
from scaler.probing.httpget import get, question, unchecked
from tests.certificates import Authority
from torpor.words import Address


@contextlib.asynccontextmanager
async def serving(answer: Callable[[socket.socket], object]) -> AsyncIterator[Address]:
    """A server that has one visitor."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as client:
                answer(client)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Address(*server.getsockname())
        await asyncio.to_thread(thread.join)


async def ask(
    answer: bytes,
    *,
    patience: float = 20.0,
    then: Callable[[socket.socket], object] | None = None,
    tls: ssl.SSLContext | None = None,
) -> int | str:
    """What `get` makes of an answer; the server waits for the request first."""

    def reply(client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(answer)
        if then is not None:
            then(client)

    async with serving(reply) as address:
        return await look(address, patience, tls)


async def look(address: Address, patience: float, tls: ssl.SSLContext | None) -> int | str:
    connection = await connect(address, patience)
    assert isinstance(connection, socket.socket)
    with connection:
        return await get(connection, question(address, "/ready"), patience, tls)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", 200),
        (b"HTTP/1.0 503 Busy\r\n\r\n", 503),
        (b"HTTP/1.1 404\r\n", 404),
        (b"SSH-2.0-server\r\n", "not HTTP"),
        (b"HTTP/1.1 2xx\r\n", "not HTTP"),
        (b"HTTP/1.1 200", "not HTTP"),
        (b"x" * 100_000, "not HTTP"),
        (b"", "closed without a word"),
    ],
)
async def test_what_an_answer_means(answer: bytes, meaning: int | str) -> None:
    assert await ask(answer) == meaning


async def test_an_answer_may_come_in_pieces() -> None:
    assert await ask(b"HTTP/1.1 2", then=lambda client: client.sendall(b"04 No Content\r\n\r\n")) == 204


async def test_no_answer_in_time() -> None:
    assert await ask(b"", patience=0.05, then=lambda client: client.recv(1)) == "nothing within 0.05s"


@pytest.fixture(scope="module")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate by somebody whom nobody knows, for a name that nobody asked for."""
    file: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(Authority().make("elsewhere.test").pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_with_tls_anybody_is_believed(server_tls: ssl.SSLContext) -> None:
    def reply(client: socket.socket) -> None:
        with server_tls.wrap_socket(client, server_side=True) as secure:
            assert secure.recv(4096).startswith(b"GET /ready HTTP/1.1\r\n")
            secure.sendall(b"HTTP/1.1 20")
            secure.sendall(b"0 OK\r\n\r\n")

    async with serving(reply) as address:
        assert await look(address, 20.0, unchecked()) == 200


async def test_who_does_not_speak_tls_is_told_apart() -> None:
    assert (await ask(b"HTTP/1.1 400 Bad Request\r\n\r\n", tls=unchecked())) == "no TLS: wrong version number"


async def test_who_leaves_in_the_middle_of_the_tls_handshake() -> None:
    assert await ask(b"", tls=unchecked()) == "closed without a word"


async def test_no_tls_handshake_in_time() -> None:
    meaning = await ask(b"", patience=0.05, then=lambda client: client.recv(1), tls=unchecked())
    assert meaning == "nothing within 0.05s"


@given(answer=st.binary(max_size=40) | st.binary(max_size=20).map(lambda rest: b"HTTP/1.1 2" + rest))
async def test_whatever_a_server_sends_there_is_a_status_or_words(answer: bytes) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        theirs.sendall(answer)
        theirs.shutdown(socket.SHUT_WR)
        status = await get(ours, b"GET / HTTP/1.1\r\n\r\n", 20.0)
    assert status in ("not HTTP", "closed without a word") or 200 <= int(status) < 300


def test_the_question_says_who_asks() -> None:
    assert question(Address("::1", 80), "/ready?deep=1") == (
        b"GET /ready?deep=1 HTTP/1.1\r\nHost: [::1]:80\r\n"
        b"User-Agent: Torpor\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )


def test_headers_of_ones_own_come_instead_of_the_usual_ones() -> None:
    asked = question(Address("10.1.2.3", 80), "/", {"HOST": "notes.example.org", "user-agent": "me", "X-Probe": "é"})
    assert asked == (
        b"GET / HTTP/1.1\r\nHOST: notes.example.org\r\nuser-agent: me\r\nAccept: */*\r\nX-Probe: \xe9\r\n"
        b"Connection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("name", "value"), [("X", "a\r\nY: b"), ("X\r\nY", "b"), ("", "b"), ("X Y", "b"), ("X", "€"), ("X", "\0")]
)
def test_a_header_that_cannot_be_sent_is_left_out(name: str, value: str) -> None:
    address = Address("10.1.2.3", 80)
    assert question(address, "/", {name: value}) == question(address, "/")
