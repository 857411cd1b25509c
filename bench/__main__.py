"""`python -m bench`: runs the benches, prints the figures and keeps them."""

import json
import shutil
import signal
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import click
from rich.console import Console

from bench import held, idle, machine, report, throughput, wake, wrk
from bench.outcome import Outcome
from bench.processes import ROOT
from bench.progress import Progress
from bench.scale import FULL, QUICK, Scale
from torpor.cli.limits import raise_fd_limit

RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "performance.md"


class Bench(Protocol):
    """What each bench's module has."""

    NAME: str

    def steps(self, scale: Scale) -> int: ...

    def run(self, scale: Scale, progress: Progress) -> Outcome: ...


BENCHES: tuple[Bench, ...] = (throughput, held, wake, idle)


@click.command()
@click.option("--quick", is_flag=True, help="Short rounds, for trying; docs/performance.md stays as it is.")
@click.option("--only", type=click.Choice([bench.NAME for bench in BENCHES]), help="Run one bench; likewise.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Where the figures go. Default: in bench/results/."
)
def main(quick: bool, only: str | None, json_file: Path | None) -> None:
    """Measure Torpor against a bare mitmproxy and against no proxy at all."""
    benches = [bench for bench in BENCHES if only in (None, bench.NAME)]
    if throughput in benches and shutil.which(wrk.PROGRAM) is None:
        raise click.ClickException("wrk is missing (Debian: apt-get install wrk); --only held, wake or idle need none")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing is left running
    raise_fd_limit()
    scale = QUICK if quick else FULL
    here, now = machine.describe(), datetime.now(UTC)
    progress = Progress(sum(bench.steps(scale) for bench in benches))
    outcomes = [bench.run(scale, progress) for bench in benches]
    report.show(Console(width=None if sys.stdout.isatty() else 120), here, outcomes)
    kept = {
        "at": now.isoformat(timespec="seconds"),
        "machine": here._asdict(),
        "scale": asdict(scale),
        "benches": {outcome.name: {"figures": outcome.data, "goals": _goals(outcome)} for outcome in outcomes},
    }
    file = json_file or RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(kept, indent=1) + "\n")
    if not quick and only is None:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(report.page(here, outcomes, f"{now:%Y-%m-%d}"))
    print(f"\nfigures: {file}")


def _goals(outcome: Outcome) -> list[dict[str, object]]:
    return [{**asdict(goal), "met": goal.met} for goal in outcome.goals]


if __name__ == "__main__":
    main()
