"""The doors of an app: which of its ports visits lead to, and by which routes."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from scaler.runtimes.kubernetes.discovery.found import Door
from scaler.runtimes.kubernetes.discovery.ways import Way
from scaler.runtimes.kubernetes.objects.probe import Exec, Probe
from torpor.routes import MAX_WEIGHT

type Port = int | str | None


class Lead(NamedTuple):
    """One route and the port that it leads to."""

    way: Way
    port: Port
    weight: int | None = None


def home_port(probe: Probe | None, first: Port) -> Port:
    """The port that an app most likely means by itself: where it is asked for readiness, else the first it declares."""
    return first if probe is None or isinstance(probe, Exec) else probe.port


def make_doors(leads: Iterable[Lead], home: Port, ports: Mapping[str, int]) -> tuple[Door, ...]:
    """One door a port, the main one first: the one at the home port, else the first by order. Never none."""
    by_port: dict[Port, dict[Way, int | None]] = {}
    for way, port, weight in leads:
        ways = by_port.setdefault(home if port is None else port, {})
        ways[way] = _sum(ways[way], weight) if way in ways else weight
    if not by_port:
        return (Door("", home),)

    def order(port: Port) -> tuple[bool, bool, bool, int, str]:
        number = ports.get(port, 0) if isinstance(port, str) else port or 0
        at_home = port == home or (isinstance(home, str) and ports.get(home) == number) or (number == home != 0)
        return port != home, not at_home, isinstance(port, str), number, str(port)

    first, *others = sorted(by_port, key=order)
    return (
        Door("", first, _routes(by_port[first])),
        *(Door(str(port), port, _routes(by_port[port])) for port in others),
    )


def routes_by_door(doors: Iterable[Door]) -> dict[str, tuple[str, ...]]:
    """As the scaler wants to know it."""
    return {door.key: door.routes for door in doors}


def _sum(one: int | None, other: int | None) -> int | None:
    """All of it, by one of the two, is all of it."""
    return None if one is None or other is None else min(one + other, MAX_WEIGHT)


def _routes(ways: Mapping[Way, int | None]) -> tuple[str, ...]:
    return tuple(sorted(str(way._replace(weight=weight)) for way, weight in ways.items()))
