"""A second machine, as far as the network goes: a namespace of its own with two wires to this one (needs root).

The scaler is reached by one wire, this machine's loopback (where its apps listen) by the other, so that a proxy there
can be cut off from the scaler alone. The namespace has no loopback of its own: 127.0.0.1 leads over here.
"""

import contextlib
import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Machine:
    """The other machine."""

    name: str
    here: str
    """The address of this machine on the wire to the scaler."""
    host: str
    """The address of the other machine for visitors."""

    @property
    def prefix(self) -> tuple[str, ...]:
        """What runs a command over there."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Take down the wire to the scaler: what is sent is lost, and nobody is told."""
        ip("link", "set", _control(self.name), "down")

    def mend(self) -> None:
        """Put it up again."""
        ip("link", "set", _control(self.name), "up")


@contextlib.contextmanager
def machine() -> Iterator[Machine]:
    """Another machine, for the length of the block."""
    if os.geteuid() != 0:
        pytest.fail("a second machine is a network namespace, which only root can make: run the tests as root")
    name = f"torpor-{uuid.uuid4().hex[:6]}"
    net = 2 * (int(name[-6:], 16) % 32768)
    here, there = (f"198.18.{net // 256}.{net % 256}" for net in (net, net + 1))  # RFC 2544: for tests of networks
    data_here, data_there = (address.replace("198.18.", "198.19.") for address in (here, there))
    ip("netns", "add", name)
    try:
        for end, mine, yours in ((_control(name), here, there), (_data(name), data_here, data_there)):
            ip("link", "add", end, "type", "veth", "peer", "name", f"{end}x", "netns", name)
            ip("addr", "add", f"{mine}/31", "dev", end)
            ip("link", "set", end, "up")
            ip("-n", name, "addr", "add", f"{yours}/31", "dev", f"{end}x")
            ip("-n", name, "link", "set", f"{end}x", "up")
        _lead_to_loopback(_data(name))
        ip("netns", "exec", name, "sh", "-c", f"echo 1 > {_route_localnet(_data(name) + 'x')}")
        ip("-n", name, "route", "add", "127.0.0.1/32", "via", data_here, "src", data_there)
        yield Machine(name, here, data_there)
    finally:
        ip("netns", "del", name)


def ip(*arguments: str) -> None:
    """Run `ip` of Debian's iproute2."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"


def _control(name: str) -> str:
    return f"c{name[-6:]}"


def _data(name: str) -> str:
    return f"d{name[-6:]}"


def _route_localnet(device: str) -> str:
    return f"/proc/sys/net/ipv4/conf/{device}/route_localnet"


def _lead_to_loopback(device: str) -> None:
    """Let what comes by this wire reach 127.0.0.1 here (route_localnet in the kernel's ip-sysctl)."""
    Path(_route_localnet(device)).write_text("1")
