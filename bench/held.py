"""What a held visit costs in memory, and how fast a crowd is let in when its app listens."""

import asyncio
from statistics import median
from typing import Any

from bench.figures import percentile, share
from bench.held_wake import gate, held_wake
from bench.outcome import Goal, Outcome, Table
from bench.processes import memory
from bench.progress import Progress
from bench.scale import Scale
from bench.torpor_up import APP, backend_app, torpor_up

NAME = "held"
TITLE = "A crowd at a sleeping app: memory per held visit, and release"
MOST_KIB = 40.0
_PARTS = ("proxy", "scaler")


def method(scale: Scale) -> str:
    """How it is measured."""
    times = "once" if scale.crowd_repeats == 1 else f"{scale.crowd_repeats} times, each time with a new Torpor"
    return f"""\
So many visits, each on a connection of its own, ask at once for one sleeping app. The app starts but listens only when
the API has said that all of them are held and the memory has been taken: by how much the resident memory (`Rss` in
`/proc/PID/smaps_rollup`) of the proxy and of the scaler has grown since Torpor was ready, for each visit. What Torpor
loads once, at its very first visit, is part of it; what the kernel keeps for a socket is not.

Then the app listens. "released" is the time from that moment, by the app's own reading of the monotonic clock, to the
end of the last answer; "p95" is from the same moment to the first byte, over all visitors. Measured {times}; the
figures are medians, the numbers of answers and of the app's starts the worst seen. No process is bound to a core; the
app and all visitors are two single-threaded Python processes on the same machine, and take their share of the time."""


def steps(scale: Scale) -> int:
    """How many steps `run` takes."""
    return len(scale.crowds) * scale.crowd_repeats


def run(scale: Scale, progress: Progress) -> Outcome:
    """Measure."""
    columns = ("held", "KiB each", "proxy", "scaler", "released s", "answers/s", "p95 ms", "answered 200", "starts")
    outcome = Outcome(NAME, TITLE, method(scale), [table := Table(columns, [])])
    for count in scale.crowds:
        rounds = []
        for repeat in range(scale.crowd_repeats):
            progress.step(f"held: {count:,} visits, {repeat + 1} of {scale.crowd_repeats}")
            rounds.append(_measure(count))
        middle = {key: median(one[key] for one in rounds) for key in rounds[0]}
        served, starts = min(one["served"] for one in rounds), max(one["starts"] for one in rounds)
        figures = [f"{middle[key]:.1f}" for key in ("kib_each", *_PARTS)]
        release = (f"{middle['released']:.2f}", f"{count / middle['released']:,.0f}", f"{middle['p95'] * 1000:.0f}")
        table.rows.append((f"{count:,}", *figures, *release, f"{served:,}", str(starts)))
        outcome.data[str(count)] = rounds
        outcome.goals += [
            Goal(f"{count:,} held, memory each", middle["kib_each"], MOST_KIB, at_most=True, unit=" KiB"),
            Goal(f"{count:,} held, answered with 200", served, count, at_most=False),
            Goal(f"{count:,} held, starts of the app", starts, 1, at_most=True),
        ]
    return outcome


def _measure(count: int) -> dict[str, Any]:
    with gate() as door, torpor_up({APP: backend_app(gate=door.directory)}) as torpor:
        before = {part: memory(torpor.pids[part]) for part in _PARTS}
        growth: dict[str, int] = {}

        def weigh() -> None:
            growth.update({part: memory(torpor.pids[part]) - before[part] for part in _PARTS})

        wake = asyncio.run(held_wake(torpor, door, count, weigh))
    return {
        "kib_each": share(sum(growth.values()), count),
        **{part: share(growth[part], count) for part in _PARTS},
        "released": wake.release_seconds(),
        "p95": percentile(wake.first_bytes(), 95),
        "served": wake.served,
        "starts": wake.starts,
    }
