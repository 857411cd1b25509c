"""One look whether an app answers: a connection, or a GET by hand.

By hand rather than with an HTTP client: 50 probes a second for each app that starts have to be cheap, need one line of
the answer, and must never reuse a connection.
"""

import asyncio
import errno
import os
import re
import socket

from torpor.words import Address

_CONNECT = 1.0
"""Seconds for a connection within this machine; it takes longer only when the app's backlog is full."""
_LONGEST_ANSWER = 4_096
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})\b")


async def connect(address: Address) -> socket.socket | None:
    """A connection, which is the caller's to close; None when nobody listens."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        connection = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        return None  # no IPv6 here
    try:
        connection.setblocking(False)
        if not _at_once(connection, address):
            async with asyncio.timeout(_CONNECT):
                await asyncio.get_running_loop().sock_connect(connection, (address.host, address.port))
        # A port in the range of outgoing connections can be reached from itself, with nobody listening.
        if connection.getsockname() == connection.getpeername():
            raise ConnectionRefusedError
    except OSError:  # TimeoutError is one too
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise
    return connection


def _at_once(connection: socket.socket, address: Address) -> bool:
    """Connected already, with no turn of the event loop: within a machine, the second look knows. Raises OSError."""
    for _ in range(2):
        number = connection.connect_ex((address.host, address.port))
        if number in (0, errno.EISCONN):
            return True
    if number in (errno.EINPROGRESS, errno.EALREADY):
        return False
    raise OSError(number, os.strerror(number))


async def get(connection: socket.socket, address: Address, path: str, patience: float) -> int | str:
    """The status of a GET over a fresh connection, or what was wrong instead, in words."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: Torpor\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    answer = b""
    try:
        async with asyncio.timeout(patience):
            await loop.sock_sendall(connection, request)
            while b"\n" not in answer and len(answer) < _LONGEST_ANSWER:
                more = await loop.sock_recv(connection, _LONGEST_ANSWER)
                if not more:
                    return "not HTTP" if answer else "closed without a word"
                answer += more
    except TimeoutError:
        return f"nothing within {patience:g}s"
    except OSError:
        return "closed without a word"
    status = _STATUS.match(answer)
    return int(status[1]) if status else "not HTTP"
