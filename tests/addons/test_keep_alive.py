"""The kernel asks after silent peers."""

import socket

from addons.keep_alive import ask_after_silent_peers


def test_it_asks_after_a_minute_and_gives_up_after_another() -> None:
    with socket.socket() as sock:
        ask_after_silent_peers(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        values = [
            sock.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        ]
        assert values == [60, 15, 4]
