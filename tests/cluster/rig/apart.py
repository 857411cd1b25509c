"""A machine of its own beside a cluster's node, as far as the network goes, with two wires to it.

By one of them whoever is there reaches a scaler on the node, by the other visitors come in and pods are reached: so
that it can be cut off from the scaler alone. It is a network namespace, which goes with the process that holds it, and
that one with us.
"""

import contextlib
import itertools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.network import Network
from tests.cluster.rig.place import POD_NET

NOBODY = "02:00:00:00:00:00"
"""A hardware address that nobody has."""
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Apart:
    """The machine; `scaler` is the node's address on the one wire, `host` the machine's own on the other."""

    network: Network
    cluster: Network
    name: str
    scaler: str
    there: str
    host: str

    def cut(self) -> None:
        """All that is sent between the two is lost from now on, and nobody is told."""
        self._lead_astray(self.cluster, self._control, self.there)
        self._lead_astray(self.network, f"{self._control}x", self.scaler)

    def unplug(self) -> None:
        """The wire to the scaler is pulled out, which the machine notices."""
        _ip(self.network, "link", "set", f"{self._control}x", "down")

    def mend(self) -> None:
        """As it was."""
        _ip(self.network, "link", "set", f"{self._control}x", "up")
        for network, device in ((self.cluster, self._control), (self.network, f"{self._control}x")):
            _ip(network, "neigh", "flush", "dev", device, "nud", "all")

    @property
    def _control(self) -> str:
        return f"c{self.name}"

    @staticmethod
    def _lead_astray(network: Network, device: str, neighbour: str) -> None:
        _ip(network, "neigh", "replace", neighbour, "lladdr", NOBODY, "dev", device, "nud", "permanent")


@contextlib.contextmanager
def apart(cluster: Cluster) -> Iterator[Apart]:
    """One for the length of the block."""
    holder = subprocess.Popen(  # it ends with its input, whatever becomes of us
        ["unshare", "--net", "--", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin
    assert holder.stdout
    try:
        holder.stdin.write(b"\n")
        holder.stdin.flush()
        assert holder.stdout.read(1), "no network namespace"
        yield _wired(cluster.network, Network(holder.pid), next(_numbers) % 100)
    finally:
        holder.kill()
        holder.communicate()


def _wired(cluster: Network, own: Network, number: int) -> Apart:
    """RFC 2544's addresses: 198.18 leads to the scaler, 198.19 is for visitors."""
    control, data = ((f"198.{net}.{number}.0", f"198.{net}.{number}.1") for net in (18, 19))
    name = f"{own.pid}"
    for end, (node, machine) in ((f"c{name}", control), (f"d{name}", data)):
        _ip(cluster, "link", "add", end, "type", "veth", "peer", "name", f"{end}x", "netns", name)
        for network, device, address in ((cluster, end, node), (own, f"{end}x", machine)):
            _ip(network, "addr", "add", f"{address}/31", "dev", device)
            _ip(network, "link", "set", device, "up")
    _ip(own, "link", "set", "lo", "up")
    _ip(own, "route", "add", POD_NET, "via", data[0])
    return Apart(own, cluster, name, control[0], control[1], data[1])


def _ip(network: Network, *arguments: str) -> None:
    done = subprocess.run([*network.prefix, "ip", *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
