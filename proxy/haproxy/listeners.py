"""The sockets on which visitors come in, by name: bound by us, so that who connects waits while HAProxy is replaced.

HAProxy inherits them: it finds each one's descriptor in its environment, under the name that its configuration uses.
"""

import contextlib
import os
import socket
from collections.abc import Iterable, Mapping

BACKLOG = 4096
PLAIN = "plain"

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

        Of the sockets found those are kept that belong there, and the others are closed. HAProxy does not hand out what
        it has inherited: where none is found it alone has the socket, and `bind` makes a new one when it is gone.
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

    def fds(self) -> tuple[int, ...]:
        """What HAProxy inherits."""
        return tuple(one.fileno() for one in self._sockets.values())

    def environment(self) -> dict[str, str]:
        """Where HAProxy finds each: TORPOR_PLAIN_FD and so on."""
        return {f"TORPOR_{name.upper()}_FD": str(one.fileno()) for name, one in self._sockets.items()}

    def end(self) -> None:
        """Refuse connections from now on, whoever else has a copy: HAProxy's master keeps its own."""
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
