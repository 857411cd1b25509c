"""One look whether somebody listens."""

import socket

import pytest

from scaler.probing.connecting import REFUSED, connect
from torpor.words import Address


async def test_nobody_listens(port: int) -> None:
    assert await connect(Address("127.0.0.1", port), 1.0) == REFUSED
    assert isinstance(await connect(Address("::1", port), 1.0), str)


async def test_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection = await connect(Address(*server.getsockname()), 1.0)
        assert isinstance(connection, socket.socket)
        connection.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_somebody_listens_on_ipv6() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        connection = await connect(Address("::1", server.getsockname()[1]), 1.0)
        assert isinstance(connection, socket.socket)
        connection.close()


async def test_a_connection_to_oneself_is_nobody(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Narcissus(socket.socket):
        def connect_ex(self, address: object) -> int:
            if self.getsockname()[1] == 0:
                self.bind(address)  # type: ignore[arg-type]  # as the kernel may choose
            return super().connect_ex(address)  # type: ignore[arg-type]

    monkeypatch.setattr("scaler.probing.connecting.socket.socket", Narcissus)
    assert await connect(Address("127.0.0.1", port), 1.0) == REFUSED


async def test_a_full_backlog_is_waited_for_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = Address(*server.getsockname())
        connections = [await connect(address, 0.05) for _ in range(3)]
        assert isinstance(connections[0], socket.socket)
        assert connections[-1] == "no connection within 0.05s"
        for connection in connections:
            if not isinstance(connection, str):
                connection.close()
