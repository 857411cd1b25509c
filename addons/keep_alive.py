"""Has the kernel ask after peers that have been silent for long, so that one without power or network is noticed.

Whoever answers is never cut off, however quiet; but a WebSocket whose other end is gone would keep its app awake for
ever. At the latest after two minutes the kernel closes such a connection.
"""

import socket

_OPTIONS = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))


def ask_after_silent_peers(sock: socket.socket) -> None:
    """Seconds until the first question, between two, and how many stay unanswered."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS:
        if hasattr(socket, name):  # not everywhere
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
