"""How much is measured: in full for figures that are kept, quickly for trying."""

from dataclasses import dataclass

ENGINES = ("haproxy", "mitmproxy")


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts, and lengths in seconds, of all benches."""

    rounds: int
    """Of the throughput bench; each measures every load through every contender once."""
    load_seconds: int
    """wrk takes whole seconds only."""
    connections: int
    many_rounds: int
    """Of the bench with many apps configured."""
    configured: tuple[int, ...]
    """Apps in its torpor.yaml; the first is what the others are compared with."""
    crowds: dict[str, tuple[int, ...]]
    """Engine → visits held at once in the storms."""
    crowd_repeats: int
    wakes: tuple[tuple[int, int], ...]
    """(visits held, wakes) of the wake bench."""
    sleeping_apps: int
    idle_seconds: float
    engines: tuple[str, ...] = ENGINES
    """Torpor's, that are measured."""


FULL = Scale(
    rounds=5,
    load_seconds=2,
    connections=50,
    many_rounds=7,
    configured=(1, 200, 10_000),
    crowds={"haproxy": (1_000, 5_000, 9_000), "mitmproxy": (1_000, 5_000)},
    crowd_repeats=3,
    wakes=((1, 30), (100, 10)),
    sleeping_apps=10_000,
    idle_seconds=60.0,
)
QUICK = Scale(
    rounds=2,
    load_seconds=1,
    connections=50,
    many_rounds=2,
    configured=(1, 200, 10_000),
    crowds={"haproxy": (1_000, 5_000, 9_000), "mitmproxy": (1_000, 5_000)},
    crowd_repeats=1,
    wakes=((1, 5), (100, 3)),
    sleeping_apps=10_000,
    idle_seconds=20.0,
)
