"""`python -m bench`: runs the benches, prints the figures and keeps them."""

import json
import shutil
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import click
from rich.console import Console

from bench import idle, machine, many_apps, report, storm, throughput, wake
from bench.apps import quick as web
from bench.loads import wrk
from bench.outcome import Outcome
from bench.processes import ROOT
from bench.progress import Progress
from bench.scale import ENGINES, FULL, QUICK, Scale
from torpor.cli.limits import raise_fd_limit

RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "performance.md"


class Bench(Protocol):
    """What each bench's module has."""

    NAME: str
    TITLE: str

    def steps(self, scale: Scale) -> int: ...

    def run(self, scale: Scale, progress: Progress) -> Outcome: ...


BENCHES: tuple[Bench, ...] = (throughput, many_apps, storm, wake, idle)
NEEDS = {wrk.PROGRAM: "wrk", web.PROGRAM: "nginx-light"}
"""Programs that all benches want, and Debian's packages."""


@click.command()
@click.option("--quick", is_flag=True, help="Short rounds, for trying; docs/performance.md stays as it is.")
@click.option("--only", type=click.Choice([bench.NAME for bench in BENCHES]), help="Run one bench; likewise.")
@click.option("--engine", type=click.Choice(ENGINES), help="Measure Torpor with this engine only; likewise.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Where the figures go. Default: in bench/results/."
)
def main(quick: bool, only: str | None, engine: str | None, json_file: Path | None) -> None:
    """Measure Torpor against plain HAProxy, nginx, Caddy, a bare mitmproxy and no proxy at all."""
    benches = [bench for bench in BENCHES if only in (None, bench.NAME)]
    if missing := [package for program, package in NEEDS.items() if shutil.which(program) is None]:
        raise click.ClickException(f"programs are missing (Debian: apt-get install {' '.join(missing)})")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing is left running
    raise_fd_limit()
    scale = QUICK if quick else FULL
    if engine is not None:
        scale = replace(scale, engines=(engine,))
    here, now = machine.describe(), datetime.now(UTC)
    progress = Progress(sum(bench.steps(scale) for bench in benches))
    outcomes, broken = [], False
    for bench in benches:
        try:
            outcomes.append(bench.run(scale, progress))
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
            traceback.print_exception(error)  # and the others' figures are kept
            outcomes.append(Outcome(bench.NAME, bench.TITLE, "", skipped={bench.NAME: f"it broke: {error!r:.200}"}))
            broken = True
    report.show(Console(width=None if sys.stdout.isatty() else 120), here, outcomes)
    kept = {
        "at": now.isoformat(timespec="seconds"),
        "machine": here._asdict(),
        "scale": asdict(scale),
        "benches": {outcome.name: _kept(outcome) for outcome in outcomes},
    }
    file = json_file or RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(kept, indent=1) + "\n")
    if not (quick or only or engine or broken):
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(report.page(here, outcomes, f"{now:%Y-%m-%d}"))
    print(f"\nfigures: {file}")
    if broken:
        sys.exit(1)


def _kept(outcome: Outcome) -> dict[str, object]:
    goals = [{**asdict(goal), "met": goal.met} for goal in outcome.goals]
    return {"figures": outcome.data, "goals": goals, "skipped": outcome.skipped}


if __name__ == "__main__":
    main()
