"""The tables of the docs that are written from the code. `python -m tests.readme_tables` brings them up to date."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from scaler.metrics import Metrics
from scaler.metrics_table import Described
from tests.engines.cannot import CANNOT
from tests.metrics.series import most
from torpor.cli import COMMANDS, cli
from torpor.cli.settings import Setting, describe

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
METRICS = ROOT / "docs" / "metrics.md"
CONFIGURE = ROOT / "docs" / "configure.md"
PLACES = {
    README: ("settings", "commands", "engines"),
    METRICS: ("metrics",),
    CONFIGURE: ("every-setting", "proxy-options", "scaler-options", "other-options"),
}


def tables() -> dict[str, str]:
    """Each table by the name in its marker."""
    settings = [(f"`{one.name}`", one.type, _default(one), one.description) for one in describe()]
    here = [row for row in settings if not row[0].startswith("`kubernetes.")]
    commands = ((f"`torpor {name}`", what) for name, what in COMMANDS.items())
    metrics = ((f"`{m.name}`", m.type, ", ".join(m.labels), series, m.help) for m, series in _series())
    lacks = ((engine, what, why) for engine, cannot in sorted(CANNOT.items()) for what, why in cannot.items())
    return {
        "settings": _table(("setting", "type", "default", "what it does"), here),
        "every-setting": _table(("setting", "type", "default", "what it does"), settings),
        "proxy-options": _table(("option", "what it does"), _options("proxy")),
        "scaler-options": _table(("option", "what it does"), _options("scaler")),
        "other-options": _table(("option", "of", "what it does"), _other_options()),
        "commands": _table(("command", "what it does"), commands),
        "engines": _table(("engine", "cannot", "since"), lacks),
        "metrics": _table(("metric", "type", "labels", "series", "what it counts"), metrics),
    }


def updated(text: str, names: Iterable[str]) -> str:
    """A text with these tables as they should be."""
    for name, table in ((name, tables()[name]) for name in names):
        pattern = re.compile(rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        text, count = pattern.subn(lambda found, table=table: found[1] + table + found[2], text)  # type: ignore[misc]
        assert count == 1, f"there is no place for the table of {name}"
    return text


def _options(name: str) -> Iterator[tuple[str, str]]:
    """Each option of a command as its --help has it."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    context = click.Context(command)
    for option in command.params:
        if isinstance(option, click.Option) and (record := option.get_help_record(context)):
            yield f"`{record[0]}`", record[1].replace("  [", " [")


def _other_options() -> Iterator[tuple[str, str, str]]:
    """Those of all other commands, each that several have once."""
    having: dict[tuple[str, str], list[str]] = {}
    for name in COMMANDS:
        for one in () if name in ("proxy", "scaler") else _options(name):
            having.setdefault(one, []).append(f"`{name}`")
    return ((option, ", ".join(names), what) for (option, what), names in sorted(having.items()))


def _series() -> Iterator[tuple[Described, str]]:
    """Each metric, and how many series it has at most."""
    found = most()
    for metric in Metrics.describe():
        each = " per app" if "app" in metric.labels else " per proxy" if "proxy" in metric.labels else ""
        yield metric, f"{found[metric.name]}{each}"


def _default(setting: Setting) -> str:
    return setting.default if setting.default in ("", "required") else f"`{setting.default}`"


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    def lines() -> Iterator[str]:
        for row in (heading, ("---",) * len(heading), *rows):
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n"

    return "".join(lines())


if __name__ == "__main__":
    for file, names in PLACES.items():
        file.write_text(updated(file.read_text(encoding="utf-8"), names), encoding="utf-8")
