"""One look whether somebody listens: a connection, or why there is none."""

import asyncio
import errno
import os
import socket

from torpor.words import Address

REFUSED = os.strerror(errno.ECONNREFUSED)


async def connect(address: Address, patience: float) -> socket.socket | str:
    """A connection, which is the caller's to close; or what was wrong, in words. Patience in seconds."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        connection = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        return _words(error)  # no IPv6 here, or too many files are open
    try:
        connection.setblocking(False)
        if not _at_once(connection, address):
            async with asyncio.timeout(patience):
                await asyncio.get_running_loop().sock_connect(connection, (address.host, address.port))
        # A port in the range of outgoing connections can be reached from itself, with nobody listening.
        if connection.getsockname() == connection.getpeername():
            raise ConnectionRefusedError(errno.ECONNREFUSED, REFUSED)
    except TimeoutError as error:
        connection.close()
        return _words(error) if error.errno else f"no connection within {patience:g}s"
    except OSError as error:
        connection.close()
        return _words(error)
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


def _words(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
