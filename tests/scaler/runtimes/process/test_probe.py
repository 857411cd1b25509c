"""One look whether something answers."""

import socket
import threading
from collections.abc import Callable

import pytest

from scaler.runtimes.process.probe import connect, get
from torpor.words import Address


async def ask(
    answer: bytes, *, patience: float = 20.0, then: Callable[[socket.socket], object] | None = None
) -> int | str:
    """What `get` makes of an answer; the server waits for the request first."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as client:
                client.recv(4096)
                client.sendall(answer)
                if then is not None:
                    then(client)

        thread = threading.Thread(target=serve)
        thread.start()
        address = Address(*server.getsockname())
        connection = await connect(address)
        assert connection is not None
        with connection:
            result = await get(connection, address, "/ready", patience)
        thread.join()
        return result


async def test_nobody_listens(port: int) -> None:
    assert await connect(Address("127.0.0.1", port)) is None
    assert await connect(Address("::1", port)) is None


async def test_a_connection_to_oneself_is_nobody(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Narcissus(socket.socket):
        def connect_ex(self, address: object) -> int:
            if self.getsockname()[1] == 0:
                self.bind(address)  # type: ignore[arg-type]  # as the kernel may choose
            return super().connect_ex(address)  # type: ignore[arg-type]

    monkeypatch.setattr("scaler.runtimes.process.probe.socket.socket", Narcissus)
    assert await connect(Address("127.0.0.1", port)) is None


async def test_a_full_backlog_is_waited_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scaler.runtimes.process.probe._CONNECT", 0.05)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = Address(*server.getsockname())
        connections = [await connect(address) for _ in range(3)]
        assert connections[0] is not None
        assert connections[-1] is None
        for connection in connections:
            if connection is not None:
                connection.close()


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
