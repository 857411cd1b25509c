"""What Torpor adds to a wake: from the moment the app listens to the first byte at its visitors."""

import asyncio

from bench.figures import percentile
from bench.held_wake import Gate, gate, held_wake
from bench.outcome import Goal, Outcome, Table
from bench.progress import Progress
from bench.scale import Scale
from bench.torpor_up import APP, TorporUp, backend_app, torpor_up

NAME = "wake"
TITLE = "A wake: from listening to the first byte"
GOALS = {1: (50, 0.030), 100: (95, 0.150)}
"""Visits held → percentile, seconds."""


def method(scale: Scale) -> str:
    """How it is measured."""
    wakes = " and ".join(f"{wakes} wakes with {held} held" for held, wakes in scale.wakes)
    return f"""\
The app starts, and listens when the API has said that all its visitors are held; right after `listen` it reads the
monotonic clock, which all processes share, and tells the reading in its answer. The figures are the times from there to
the first byte at each visitor, over all visitors of all wakes ({wakes}; one visitor makes one figure a wake). In them
are the wait for Torpor's next probe, the news to the proxy, the connection to the app, and the app's own answer.
Between two wakes the app is put to sleep through the API. No process is bound to a core."""


def steps(scale: Scale) -> int:
    """How many steps `run` takes."""
    return len(scale.wakes)


def run(scale: Scale, progress: Progress) -> Outcome:
    """Measure."""
    columns = ("held", "wakes", "p50 ms", "p95 ms", "longest ms", "not answered 200")
    outcome = Outcome(NAME, TITLE, method(scale), [table := Table(columns, [])])
    with gate() as door, torpor_up({APP: backend_app(gate=door.directory)}) as torpor:
        for held, wakes in scale.wakes:
            progress.step(f"wake: {wakes} wakes with {held} held")
            seconds, failed = asyncio.run(_measure(torpor, door, held, wakes))
            figures = [f"{percentile(seconds, percent) * 1000:.1f}" for percent in (50, 95, 100)]
            table.rows.append((str(held), str(wakes), *figures, str(failed)))
            outcome.data[str(held)] = {"wakes": wakes, "seconds": seconds, "failed": failed}
            if held in GOALS:
                percent, most = GOALS[held]
                value = percentile(seconds, percent) * 1000
                goal = Goal(f"first byte, p{percent} with {held} held", value, most * 1000, at_most=True, unit=" ms")
                outcome.goals.append(goal)
    return outcome


async def _measure(torpor: TorporUp, door: Gate, held: int, wakes: int) -> tuple[list[float], int]:
    seconds: list[float] = []
    failed = 0
    for _ in range(wakes):
        door.shut()
        wake = await held_wake(torpor, door, held)
        seconds += wake.first_bytes()
        failed += held - wake.served
        await torpor.sleep()
    return seconds, failed
