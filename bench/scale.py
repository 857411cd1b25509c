"""How much is measured: in full for figures that are kept, quickly for trying."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts, and lengths in seconds, of all benches."""

    rounds: int
    """Of the throughput bench; each measures every load through every contender once."""
    load_seconds: int
    """wrk takes whole seconds only."""
    connections: int
    crowds: tuple[int, ...]
    """Visits held at once for the memory bench."""
    crowd_repeats: int
    wakes: tuple[tuple[int, int], ...]
    """(visits held, wakes) of the wake bench."""
    sleeping_apps: int
    idle_seconds: float


FULL = Scale(
    rounds=5,
    load_seconds=5,
    connections=50,
    crowds=(1_000, 2_000),
    crowd_repeats=3,
    wakes=((1, 30), (100, 10)),
    sleeping_apps=10_000,
    idle_seconds=20.0,
)
QUICK = Scale(
    rounds=2,
    load_seconds=1,
    connections=50,
    crowds=(1_000,),
    crowd_repeats=1,
    wakes=((1, 3), (100, 1)),
    sleeping_apps=1_000,
    idle_seconds=3.0,
)
