"""What Torpor adds to a wake: from the moment the app listens to the first byte at its visitors."""

import asyncio

from bench.contenders.torpor import Torpor
from bench.figures import percentile
from bench.held_wake import Gate, gate, held_wake
from bench.outcome import Goal, Outcome, Table
from bench.progress import Progress
from bench.scale import Scale
from bench.torpor_up import APP, TorporUp, moment_app, torpor_up

NAME = "wake"
TITLE = "A wake: from listening to the first byte"
GOALS = {
    ("haproxy", 1): (50, 0.015),
    ("haproxy", 100): (95, 0.040),
    ("mitmproxy", 1): (50, 0.030),
    ("mitmproxy", 100): (95, 0.150),
}
"""Engine and visits held → percentile, seconds."""


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
    return len(scale.engines) * len(scale.wakes)


def run(scale: Scale, progress: Progress) -> Outcome:
    """Measure."""
    columns = ("engine", "held", "wakes", "p50 ms", "p95 ms", "longest ms", "not answered 200")
    outcome = Outcome(NAME, TITLE, method(scale), [table := Table(columns, [])])
    for engine in scale.engines:
        if why := Torpor(engine).missing():
            outcome.skipped[engine] = why
            continue
        with gate() as door, torpor_up({APP: moment_app(door.directory)}, engine=engine) as torpor:
            for held, wakes in scale.wakes:
                progress.step(f"wake: {engine}, {wakes} wakes with {held} held")
                _tell(outcome, table, engine, held, _measure(torpor, door, held, wakes))
    return outcome


def _tell(outcome: Outcome, table: Table, engine: str, held: int, measured: tuple[list[list[float]], int]) -> None:
    wakes, failed = measured
    seconds = [at for wake in wakes for at in wake]
    figures = [f"{percentile(seconds, percent) * 1000:.1f}" for percent in (50, 95, 100)]
    table.rows.append((engine, str(held), str(len(wakes)), *figures, str(failed)))
    outcome.data.setdefault(engine, {})[str(held)] = {"wakes": wakes, "failed": failed}
    if (engine, held) in GOALS:
        percent, most = GOALS[engine, held]
        value = percentile(seconds, percent) * 1000
        what = f"{engine}, first byte, p{percent} with {held} held"
        outcome.goals.append(Goal(what, value, most * 1000, at_most=True, unit=" ms"))


def _measure(torpor: TorporUp, door: Gate, held: int, wakes: int) -> tuple[list[list[float]], int]:
    """The seconds of each wake's visitors, and how many were not answered 200."""
    seconds: list[list[float]] = []
    failed = 0
    for _ in range(wakes):
        door.shut()
        wake = held_wake(torpor, door, held)
        seconds.append(wake.first_bytes())
        failed += held - wake.served
        asyncio.run(torpor.sleep())
    return seconds, failed
