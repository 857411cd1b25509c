"""Every listening TCP socket, by sock_diag and by /proc alike."""

import os
import socket
from collections.abc import Callable, Iterator

import pytest

from scaler.runtimes.process import sockets
from scaler.runtimes.process.sockets import Listener, by_proc, by_sock_diag, inodes, listeners
from torpor.words import Address

type Way = Callable[[], Iterator[Listener]]

ways = pytest.mark.parametrize("way", [by_sock_diag, by_proc])


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@ways
def test_a_listener_is_found_with_its_address_user_and_inode(way: Way, server: socket.socket) -> None:
    address = Address(*server.getsockname())
    (found,) = (one for one in way() if one.address == address)
    assert found.user == os.getuid()
    assert found.inode == os.fstat(server.fileno()).st_ino


@ways
@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
@pytest.mark.parametrize("host", ["::1", "::"])
def test_ipv6_addresses_are_read_too(way: Way, host: str) -> None:
    with socket.create_server((host, 0), family=socket.AF_INET6) as server:
        assert Address(*server.getsockname()[:2]) in [one.address for one in way()]


@ways
def test_a_connection_is_no_listener(way: Way, server: socket.socket) -> None:
    with socket.create_connection(server.getsockname()) as client:
        assert Address(*client.getsockname()) not in [one.address for one in way()]


@ways
def test_hundreds_are_all_found(way: Way) -> None:
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(400)]
    try:
        expected = {Address(*server.getsockname()) for server in servers}
        # Read in pieces: one that a neighbour closes meanwhile may hide one of ours.
        assert any(expected <= {one.address for one in way()} for _ in range(3))
    finally:
        for server in servers:
            server.close()


def test_without_sock_diag_proc_has_to_do(server: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_NETLINK_SOCK_DIAG", 99)
    assert Address(*server.getsockname()) in [one.address for one in listeners()]


@pytest.mark.parametrize(
    ("bound", "at_home", "at_home_by_ipv6"),
    [
        ("127.0.0.1", True, False),
        ("0.0.0.0", True, False),
        ("::ffff:127.0.0.1", True, False),
        ("::", True, True),
        ("::1", False, True),
        ("192.0.2.1", False, False),
    ],
)
def test_which_connections_a_listener_answers(bound: str, at_home: bool, at_home_by_ipv6: bool) -> None:
    one = Listener(Address(bound, 80), user=0, inode=1)
    assert one.answers("127.0.0.1") is at_home
    assert one.answers("::1") is at_home_by_ipv6


def test_the_sockets_of_a_process(server: socket.socket) -> None:
    held = inodes(os.getpid())
    assert held is not None
    assert os.fstat(server.fileno()).st_ino in held
    assert inodes(2**22 + 1) == set()
