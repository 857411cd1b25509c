"""The figures as people read them: tables on the terminal, and docs/performance.md."""

from collections.abc import Sequence
from textwrap import fill

from rich import box
from rich.console import Console
from rich.table import Table as Grid

from bench.machine import Machine
from bench.outcome import Outcome, Table

_HEAD = """\
# What Torpor costs

Measured by `make bench`, which writes this page anew: Torpor with each of its engines against plain HAProxy, nginx,
Caddy, a bare mitmproxy and no proxy at all, side by side in one run on one machine. Absolute figures say little about
another machine, ratios more. `python -m bench --quick` tries the benches in short, `--only NAME` runs one of them,
`--engine NAME` one engine of Torpor; none of these touches this page.
"""
_WIDTH = 120


def show(console: Console, machine: Machine, outcomes: Sequence[Outcome]) -> None:
    """Print all of it."""
    console.print(str(machine), style="dim", highlight=False)
    for outcome in outcomes:
        console.print(f"\n[bold]{outcome.title}[/bold]")
        for table in outcome.tables:
            console.print(_grid(table))
        for name, why in outcome.skipped.items():
            console.print(f"SKIPPED: {name}: {why}", style="bold white on red", highlight=False)
        for goal in outcome.goals:
            console.print(str(goal), style="green" if goal.met else "red", highlight=False)


def page(machine: Machine, outcomes: Sequence[Outcome], day: str) -> str:
    """docs/performance.md; `day` is when it was measured."""
    parts = [_HEAD, _filled(f"Measured on {day}: {machine}.")]
    for outcome in outcomes:
        parts.append(f"## {outcome.title}\n\n{_filled(outcome.method)}")
        parts.extend(_markdown(table) for table in outcome.tables)
        if outcome.skipped:
            skipped = [f"**Skipped: {name}**: {why}." for name, why in outcome.skipped.items()]
            parts.append("\n".join(skipped) + "\n")
        if outcome.goals:
            parts.append("\n".join(f"- {goal}" for goal in outcome.goals) + "\n")
    return "\n".join(parts)


def _filled(prose: str) -> str:
    """The paragraphs with even lines: figures that were put in have moved the line ends."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in prose.split("\n\n")]
    return "\n\n".join(fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False) for text in paragraphs) + "\n"


def _grid(table: Table) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    for column, right in zip(table.columns, _figures(table), strict=True):
        grid.add_column(column, justify="right" if right else "left", no_wrap=True)
    for row in table.rows:
        grid.add_row(*row)
    return grid


def _markdown(table: Table) -> str:
    rules = ["--:" if right else "---" for right in _figures(table)]
    lines = [table.columns, rules, *table.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _figures(table: Table) -> list[bool]:
    """Which columns hold figures, and are aligned to the right."""
    columns = zip(*table.rows, strict=True)
    return [all(not cell or cell.replace(",", "").replace(".", "").isdecimal() for cell in cells) for cells in columns]
