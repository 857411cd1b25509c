"""What Torpor costs when nobody comes: many sleeping apps, and one that is awake."""

import asyncio
import time
from typing import Any

from bench.figures import MIB
from bench.outcome import Outcome, Table
from bench.processes import cpu_seconds, memory
from bench.progress import Progress
from bench.scale import Scale
from bench.torpor_up import APP, HOST, TorporUp, backend_app, torpor_up
from bench.visits import visit

NAME = "idle"
TITLE = "Nobody comes: CPU and memory at rest"
_SETTLE = 2.0
"""Seconds after the start that do not count."""


def method(scale: Scale) -> str:
    """How it is measured."""
    return f"""\
CPU time, user and system, of each of Torpor's processes over {scale.idle_seconds:.0f} s without a visitor, from
`/proc/PID/stat` (hundredths of a second), and resident memory at the end of them. "Ready" is the time from the command
to the ready file. The keeper is the small process that is the parent of all apps; the apps' own processes are not
counted."""


def steps(scale: Scale) -> int:
    """How many steps `run` takes."""
    return 2


def run(scale: Scale, progress: Progress) -> Outcome:
    """Measure."""
    columns = ("apps", "process", f"CPU s in {scale.idle_seconds:.0f} s", "% of a core", "MiB", "ready s")
    outcome = Outcome(NAME, TITLE, method(scale), [table := Table(columns, [])])
    progress.step("idle: one app, awake")
    with torpor_up({APP: backend_app()}) as torpor:
        if asyncio.run(visit(torpor.listen, "/", host=HOST)).status != 200:
            raise RuntimeError("the app does not wake")
        _add(outcome, table, "1 awake", torpor, scale.idle_seconds)
    progress.step(f"idle: {scale.sleeping_apps:,} apps, asleep")
    with torpor_up({f"app-{number}": _sleeper(number) for number in range(scale.sleeping_apps)}) as torpor:
        _add(outcome, table, f"{scale.sleeping_apps:,} asleep", torpor, scale.idle_seconds)
    return outcome


def _sleeper(number: int) -> dict[str, Any]:
    return {"hosts": [f"app-{number}.localhost"], "command": ["python3", "-m", "http.server", "{port}"]}


def _add(outcome: Outcome, table: Table, apps: str, torpor: TorporUp, seconds: float) -> None:
    time.sleep(_SETTLE)
    before = {part: cpu_seconds(pid) for part, pid in torpor.pids.items()}
    time.sleep(seconds)
    used = {part: cpu_seconds(pid) - before[part] for part, pid in torpor.pids.items()}
    resident = {part: memory(pid) for part, pid in torpor.pids.items()}
    ready = torpor.start_seconds
    rows = [(part, used[part], resident[part]) for part in torpor.pids]
    for part, cpu, size in [*rows, ("together", sum(used.values()), sum(resident.values()))]:
        figures = (f"{cpu:.2f}", f"{cpu / seconds * 100:.2f}", f"{size / MIB:.0f}")
        table.rows.append((apps, part, *figures, f"{ready:.1f}" if part == "together" else ""))
    outcome.data[apps] = {"cpu_seconds": used, "over_seconds": seconds, "bytes": resident, "ready_seconds": ready}
