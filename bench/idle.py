"""What Torpor costs when nobody comes: many sleeping apps, and one that is awake."""

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.contenders.torpor import Torpor
from bench.figures import MIB
from bench.outcome import Goal, Outcome, Table
from bench.processes import cpu_seconds, memory
from bench.progress import Progress
from bench.scale import Scale
from bench.torpor_up import APP, HOST, TorporUp, quick_app, sleepers, torpor_up
from bench.visits import visit

NAME = "idle"
TITLE = "Nobody comes: CPU and memory at rest"
MOST_PERCENT = 1.0
MOST_MIB = 300.0
_SETTLE = 3.0
"""Seconds after the last start that do not count."""


def method(scale: Scale) -> str:
    """How it is measured."""
    return f"""\
CPU time, user and system, of each of Torpor's processes over {scale.idle_seconds:.0f} s without a visitor, from the
process's CPU clock, and resident memory at the end of them, `Rss`: what processes share counts in each. Each line
group is a `torpor up` of its own; all of them rest at the same time. "Ready" is the time from the command to the ready
file. The keeper is the small process that is the parent of all apps; the apps' own processes are not counted."""


def steps(scale: Scale) -> int:
    """How many steps `run` takes."""
    return 2 * len(scale.engines) + 1


def run(scale: Scale, progress: Progress) -> Outcome:
    """Measure."""
    columns = ("engine", "apps", "process", f"CPU s in {scale.idle_seconds:.0f} s", "% of a core", "MiB", "ready s")
    outcome = Outcome(NAME, TITLE, method(scale), [table := Table(columns, [])])
    up: dict[tuple[str, str], TorporUp] = {}
    many = f"{scale.sleeping_apps:,} asleep"
    with contextlib.ExitStack() as stack:
        for engine in scale.engines:
            if why := Torpor(engine).missing():
                outcome.skipped[engine] = why
                continue
            progress.step(f"idle: {engine}, one app, awake")
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="torpor-bench-")))
            torpor = stack.enter_context(torpor_up({APP: quick_app(directory)}, engine=engine))
            if asyncio.run(visit(torpor.listen, "/", host=HOST)).status != 200:
                raise RuntimeError("the app does not wake")
            up[engine, "1 awake"] = torpor
            progress.step(f"idle: {engine}, {many}")
            up[engine, many] = stack.enter_context(torpor_up(sleepers(scale.sleeping_apps), engine=engine))
        progress.step(f"idle: resting for {scale.idle_seconds:.0f} s")
        time.sleep(_SETTLE)
        before = {key: _cpu(torpor) for key, torpor in up.items()}
        time.sleep(scale.idle_seconds)
        for (engine, apps), torpor in up.items():
            began = before[engine, apps]
            used = {part: seconds - began[part] for part, seconds in _cpu(torpor).items()}
            resident = {part: memory(pid) for part, pid in torpor.pids.items()}
            _tell(table, (engine, apps), used, resident, scale.idle_seconds, torpor.start_seconds)
            outcome.data.setdefault(engine, {})[apps] = {
                "cpu_seconds": used,
                "over_seconds": scale.idle_seconds,
                "bytes": resident,
                "ready_seconds": torpor.start_seconds,
            }
            if apps == many:
                percent, mib = sum(used.values()) / scale.idle_seconds * 100, sum(resident.values()) / MIB
                outcome.goals += [
                    Goal(f"{engine}, {many}, CPU", percent, MOST_PERCENT, at_most=True, unit="% of a core"),
                    Goal(f"{engine}, {many}, memory", mib, MOST_MIB, at_most=True, unit=" MiB"),
                ]
    return outcome


def _cpu(torpor: TorporUp) -> dict[str, float]:
    return {part: cpu_seconds(pid) for part, pid in torpor.pids.items()}


def _tell(
    table: Table,
    which: tuple[str, str],
    used: dict[str, float],
    resident: dict[str, int],
    seconds: float,
    ready: float,
) -> None:
    rows: list[tuple[Any, ...]] = [(part, used[part], resident[part]) for part in used]
    for part, cpu, size in [*rows, ("together", sum(used.values()), sum(resident.values()))]:
        figures = (f"{cpu:.2f}", f"{cpu / seconds * 100:.2f}", f"{size / MIB:.0f}")
        table.rows.append((*which, part, *figures, f"{ready:.1f}" if part == "together" else ""))
