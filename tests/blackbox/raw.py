"""Bytes to a socket and bytes back, for requests that no well-behaved client would send."""

import contextlib
import re
import socket

from tests.blackbox.asking import DEADLINE


def send(address: tuple[str, int], sent: bytes, *, half_close: bool = False, within: float = DEADLINE) -> bytes:
    """Send, and return all that comes back until the other side closes or `within` ends.

    With `half_close`, say that there is no more to come, so that nobody waits for the rest of half a request.
    """
    received = b""
    with socket.create_connection(address, timeout=DEADLINE) as connection:
        connection.settimeout(within)
        with contextlib.suppress(OSError):
            connection.sendall(sent)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while piece := connection.recv(65536):
                received += piece
    return received


def statuses(received: bytes) -> list[int]:
    """The status of each answer in it, interim ones too."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]
