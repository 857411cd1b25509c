"""What the kernel is told about peers that say nothing."""

import socket

from scaler.keep_alive import ask_after, asked_after


def test_a_peer_that_is_gone_is_noticed_within_twice_the_silence() -> None:
    with asked_after((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1)), 30) as made:
        idle, between, count, patience = (
            made.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        )
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert idle + between * count == 60
        assert patience == 60_000
        assert made.gettimeout() == 0.0


def test_a_connection_that_was_accepted_is_watched_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        with accepted:
            ask_after(accepted, 12)
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 12
