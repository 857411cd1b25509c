"""The sockets on which visitors come in, by name: bound by us, so that who connects waits while HAProxy is replaced.

HAProxy is told where each is, in its environment, and asks for the sockets themselves as it would ask the HAProxy that
it replaces (`-x`). What it gets in that way, and not by inheritance, it hands out again, and its master keeps no copy.
"""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path

BACKLOG = 4096
PLAIN, TLS = "plain", "tls"

type Endpoint = tuple[str, int]


class Listeners:
    """One listening socket for each wanted address. Whoever binds or adopts them closes them."""

    def __init__(self, wanted: Mapping[str, Endpoint]) -> None:
        """`wanted` are the addresses by name; port 0 is any free one."""
        self._wanted = dict(wanted)
        self._sockets: dict[str, socket.socket] = {}
        self._at: dict[str, Endpoint] = {}

    @property
    def addresses(self) -> dict[str, Endpoint]:
        """Where they listen, or listened, by name and in the order they were wanted; for port 0 the real one."""
        return {name: self._at[name] for name in self._wanted if name in self._at}

    def bind(self) -> None:
        """Listen on those where we do not, at the same place as before. Raises OSError that names the address."""
        for name, address in self._wanted.items():
            if name not in self._sockets:
                self._sockets[name] = one = _bind(self._at.get(name, address))
                self._at[name] = one.getsockname()[:2]

    def adopt(self, found: Iterable[socket.socket], noted: object) -> bool:
        """Listen where an earlier process noted that the HAProxy which runs listens for it; whether all of that fits.

        Of the sockets found those are kept that belong there, and the others are closed.
        """
        names = self._names(noted)
        for address, name in names.items():
            self._at[name] = address
        for one in found:
            whose = names.get(one.getsockname()[:2]) if one.family != socket.AF_UNIX else None
            if whose is None or whose in self._sockets:
                one.close()
            else:
                self._sockets[whose] = one
        return isinstance(noted, dict) and {*names.values()} == noted.keys() == self._wanted.keys()

    def note(self) -> dict[str, list[str | int]]:
        """What a later process needs to adopt them: by name, the host asked for, and where that is."""
        return {name: [self._wanted[name][0], *address] for name, address in self.addresses.items()}

    def _names(self, noted: object) -> dict[Endpoint, str]:
        """The wanted listeners that an earlier process noted, by where they listen."""
        if not isinstance(noted, dict):
            return {}
        names: dict[Endpoint, str] = {}
        for name, (host, port) in self._wanted.items():
            match noted.get(name):
                case [str(asked), str(at), int(real)] if asked == host and port in (0, real):
                    names[at, real] = name
        return names

    def environment(self) -> dict[str, str]:
        """Where HAProxy finds each: TORPOR_PLAIN_AT, TORPOR_PLAIN_PORT and so on."""
        at = {f"TORPOR_{name.upper()}_AT": f"{host}:{port}" for name, (host, port) in self.addresses.items()}
        return at | {f"TORPOR_{name.upper()}_PORT": str(port) for name, (_, port) in self.addresses.items()}

    @contextlib.asynccontextmanager
    async def handed_out(self, path: Path) -> AsyncIterator[None]:
        """Give our sockets to the HAProxy that asks for them there."""
        async with await asyncio.start_unix_server(self._give, path):
            yield

    async def _give(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What an HAProxy with `expose-fd listeners` answers: how many, then all, with six bytes for each."""
        with contextlib.closing(writer), contextlib.suppress(OSError):  # who does not take them says so itself
            if await reader.readline() == b"_getsocks\n":
                fds = [one.fileno() for one in self._sockets.values()]
                no_namespace_interface_options = bytes(1 + 1 + 4)
                with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as connection:
                    connection.send(len(fds).to_bytes(4, sys.byteorder))
                    socket.send_fds(connection, [no_namespace_interface_options * len(fds)], fds)
                await reader.read(4)

    def end(self) -> None:
        """Refuse connections from now on, whoever else has a copy."""
        for one in self._sockets.values():
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """Give up our copies; HAProxy's go on."""
        for one in self._sockets.values():
            one.close()
        self._sockets = {}


def _bind(address: Endpoint) -> socket.socket:
    host, port = address
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number and number > 0 else str(error)
        raise OSError(number, f"cannot listen on {host}:{port}: {reason}") from None
