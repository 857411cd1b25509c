"""A storm: thousands of visits held for one app; what each costs in memory, and how fast they are let in."""

import contextlib
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench.contenders.torpor import Torpor
from bench.figures import percentile, share
from bench.held_wake import gate, held_wake
from bench.outcome import Goal, Outcome, Table
from bench.processes import cpu_seconds, descriptors, memory
from bench.progress import Progress
from bench.scale import Scale
from bench.torpor_up import APP, quick_app, torpor_up

NAME = "storm"
TITLE = "A storm: thousands at one sleeping app"
MOST_KIB = 40.0
PER_SECOND = 5_000.0
LARGEST = 9_000
COLUMNS = (
    *("engine", "held", "KiB each", "proxy", "HAProxy", "fds"),
    *("drained s", "visits/s", "CPU s", "p95 ms", "got 200", "starts"),
)


def method(scale: Scale) -> str:
    """How it is measured."""
    times = "once" if scale.crowd_repeats == 1 else f"{scale.crowd_repeats} times, each time with a new Torpor"
    return f"""\
So many visits, each on a connection of its own, ask for one sleeping app. The app starts, but listens only when the API
has said that all of them are held and the memory has been taken: by how much the resident memory (`Rss` in
`/proc/PID/smaps_rollup`) of all Torpor's processes, HAProxy's included, has grown since Torpor was ready, for each
visit. What Torpor loads once, at its very first visit, is part of it; what the kernel keeps for a socket is not. "fds"
are the file descriptors that HAProxy, or with mitmproxy the proxy, has open for each visit while it is held.

Then the app is let go. "drained" is the time from that moment to the end of the last answer; its start (it is nginx,
and becomes it only now), Torpor's probe and the new connections to the app are in it. "CPU" is what Torpor's processes
took of it. "p95" is from the same moment to the first byte, over all visitors. Measured {times}; the figures are
medians, the number of answers the worst seen, of the app's starts the most. No process is bound to a core; the visitors
are one process (`bench/loads/crowd.py`, a loop on epoll), which takes its share of the cores, as the app does."""


def steps(scale: Scale) -> int:
    """How many steps `run` takes."""
    return sum(len(scale.crowds[engine]) for engine in scale.engines) * scale.crowd_repeats


def run(scale: Scale, progress: Progress) -> Outcome:
    """Measure."""
    outcome = Outcome(NAME, TITLE, method(scale), [table := Table(COLUMNS, [])])
    for engine in scale.engines:
        if why := Torpor(engine).missing():
            outcome.skipped[engine] = why
            continue
        for count in scale.crowds[engine]:
            rounds = []
            for repeat in range(scale.crowd_repeats):
                progress.step(f"storm: {engine}, {count:,} visits, {repeat + 1} of {scale.crowd_repeats}")
                rounds.append(_measure(engine, count))
            _tell(outcome, table, engine, count, rounds)
    return outcome


def _tell(outcome: Outcome, table: Table, engine: str, count: int, rounds: list[dict[str, Any]]) -> None:
    parts = rounds[0]["kib"].keys()
    kib = {part: median(one["kib"][part] for one in rounds) for part in parts}
    each = median(sum(one["kib"].values()) for one in rounds)
    middle = {key: median(one[key] for one in rounds) for key in ("fds", "drained", "cpu", "p95")}
    served, starts = min(one["served"] for one in rounds), max(one["starts"] for one in rounds)
    haproxy = sum(size for part, size in kib.items() if part.startswith("HAProxy"))
    rate = count / middle["drained"]
    table.rows.append(
        (
            *(engine, f"{count:,}", f"{each:.1f}", f"{kib['proxy']:.1f}", f"{haproxy:.1f}" if haproxy else ""),
            *(f"{middle['fds']:.1f}", f"{middle['drained']:.2f}", f"{rate:,.0f}", f"{middle['cpu']:.2f}"),
            *(f"{middle['p95'] * 1000:.0f}", f"{served:,}", str(starts)),
        )
    )
    outcome.data.setdefault(engine, {})[str(count)] = rounds
    what = f"{engine}, {count:,} held"
    outcome.goals += [
        Goal(f"{what}, answered with 200", served, count, at_most=False),
        Goal(f"{what}, memory each", each, MOST_KIB, at_most=True, unit=" KiB"),
        Goal(f"{what}, starts of the app", starts, 1, at_most=True),
    ]
    if engine == "haproxy" and count == LARGEST:
        outcome.goals.append(Goal(f"{what}, drained", rate, PER_SECOND, at_most=False, unit=" visits/s"))


def _measure(engine: str, count: int) -> dict[str, Any]:
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="torpor-bench-")))
        door = stack.enter_context(gate())
        app = quick_app(directory, gate=door.directory)
        torpor = stack.enter_context(torpor_up({APP: app}, engine=engine))
        before = {part: memory(pid) for part, pid in torpor.pids.items()}
        busiest = torpor.pids.get("HAProxy", torpor.pids["proxy"])
        idle = descriptors(busiest)
        held: dict[str, Any] = {}

        def weigh() -> None:
            kib = {part: share(memory(pid) - before[part], count) for part, pid in torpor.pids.items()}
            held.update(kib=kib, fds=(descriptors(busiest) - idle) / count, cpu=_cpu(torpor.pids))

        wake = held_wake(torpor, door, count, weigh)
        cpu = _cpu(torpor.pids) - held.pop("cpu")
    return {
        **held,
        "drained": wake.release_seconds(),
        "cpu": cpu,
        "p95": percentile(wake.first_bytes(), 95) if wake.first_bytes() else 0.0,
        "served": wake.served,
        "held": wake.held,
        "statuses": wake.seen.statuses,
        "other": wake.seen.other,
        "starts": wake.starts,
    }


def _cpu(pids: dict[str, int]) -> float:
    return sum(map(cpu_seconds, pids.values()))
