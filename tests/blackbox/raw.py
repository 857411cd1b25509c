"""Bytes to a socket and bytes back, for requests that no well-behaved client would send."""

import contextlib
import socket


def send(address: tuple[str, int], sent: bytes, *, within: float = 10.0) -> bytes:
    """Send, say that there is no more, and return all that comes back until the other side closes or `within` ends."""
    received = b""
    with socket.create_connection(address, timeout=within) as connection:
        with contextlib.suppress(ConnectionError, TimeoutError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while piece := connection.recv(65536):
                received += piece
    return received


def statuses(received: bytes) -> list[int]:
    """The status of each answer in it, interim ones too."""
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
