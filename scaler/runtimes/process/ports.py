"""Ports for apps: a free one, claimed until the app has gone, and whether a fixed one is free."""

import errno
import random
import socket
from collections.abc import Iterator
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ENOUGH = 1_000
_TRIES = 200


class Claim:
    """A port that no other Torpor of this machine gives to its apps, until `release` or this process's end.

    An app may take seconds until it listens, and nothing shows until then whose the port is. The claim is a name in the
    abstract namespace of Unix sockets (unix(7)): one of its kind in a network namespace, as a port is, and gone with
    its owner.
    """

    def __init__(self, port: int) -> None:
        """Raises OSError when another has it."""
        self.port = port
        self._name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._name.bind(f"\0torpor/port/{port}")
        except OSError:
            self._name.close()
            raise

    def release(self) -> None:
        """Let others have it. Twice is as good as once."""
        self._name.close()


def free_port() -> Claim:
    """A port that nobody uses now and no Torpor has claimed. Raises OSError when there is none.

    It lies outside the range from which the kernel takes ports for outgoing connections: such a connection, of which a
    proxy makes many, could take the port before the app does. Worse, a probe of a port in that range now and then
    connects to itself.
    """
    for candidate in _candidates():
        try:
            claim = Claim(candidate)
        except OSError:
            continue
        if not _in_use(candidate):
            return claim
        claim.release()
    raise OSError(errno.EADDRINUSE, "no free port was found")


def is_taken(port: int) -> bool:
    """Somebody listens on the port, so that an app could not listen on 127.0.0.1 there.

    With SO_REUSEADDR, as servers do: what is left of closed connections does not count.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return not _binds(probe, "127.0.0.1", port)


def _candidates() -> Iterator[int]:
    low, high = (int(bound) for bound in _RANGE.read_text().split())
    # Above first: what people give fixed ports to is mostly below.
    above, below = range(high + 1, 65536), range(10_000, low)
    ports = above if len(above) >= _ENOUGH else below if len(below) >= _ENOUGH else range(10_000, 65536)
    return (random.choice(ports) for _ in range(_TRIES))  # noqa: S311 - nobody gains by guessing


def _in_use(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if not _binds(probe, "0.0.0.0", port):
            return True
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            return not _binds(probe, "::", port)
    except OSError:
        return False  # no IPv6 here


def _binds(probe: socket.socket, host: str, port: int) -> bool:
    try:
        probe.bind((host, port))
    except OSError as error:
        # A port that we may not bind may still be right for an app that has the privilege.
        return error.errno != errno.EADDRINUSE
    return True
