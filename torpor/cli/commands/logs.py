"""`torpor logs APP`: what an app writes to its output."""

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import click

from torpor.cli.api import Api, app_path
from torpor.cli.log_stream import follow
from torpor.cli.options import app_argument, json_option, torpor_options
from torpor.cli.say import printable

COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")
"""Of pods and containers, in the order in which they come."""


@click.command("logs")
@app_argument
@torpor_options
@json_option
@click.option("-f", "--follow", "following", is_flag=True, help="Go on with the lines to come, until Ctrl-C.")
@click.option(
    "-n",
    "--tail",
    "--lines",
    "lines",
    type=click.IntRange(0, 10_000),
    default=100,
    show_default=True,
    help="How many of the last lines at most, of each container; with --follow 1000, or 0.",
)
def command(app: str, api: Api, as_json: bool, following: bool, lines: int) -> None:
    """Print the last lines that APP has written to its output, the oldest first.

    \b
    torpor logs notes
    torpor logs notes -n 1000 | grep -i error
    torpor logs -f --tail 0 shop/web
    torpor logs -f --json shop/web | jq -r .line

    In a cluster these are the lines of its pods, each behind the names of its pod and its container; while it sleeps
    there are none. With --follow, lines of pods that come later are told from the first on, and a connection that is
    lost is taken up again.
    """
    last = f"{app_path(app)}/logs?lines={max(1, lines)}"
    said = follow(api, app, min(lines, 1_000), _note) if following else api.lines(last) if lines else iter(())
    found = 0
    with suppress(KeyboardInterrupt):
        found = _print(api, said, as_json=as_json)
    if not (found or following):
        _note(f"nothing is left of what {printable(app)} has written, if it has.")


def _print(api: Api, said: Iterator[dict[str, Any]], *, as_json: bool) -> int:
    """Returns how many there were."""
    colours: dict[str, str] = {}
    found = 0
    for line in said:
        found += 1
        with api.understood():
            if as_json:
                click.echo(json.dumps(line))
            elif "lost" in line:
                _note(f"{line['lost']} lines are missing here: they came faster than they were read")
            else:
                click.echo(_coloured(line, colours) + printable(line["line"].expandtabs()))
        sys.stdout.flush()
    return found


def _coloured(line: dict[str, Any], colours: dict[str, str]) -> str:
    """The names of its pod and its container; click leaves the colour out where it is not wanted."""
    if "pod" not in line:
        return ""
    names = printable(f"{line['pod']} {line['container']}:")
    if names not in colours and len(colours) >= 100 * len(COLOURS):
        colours.clear()
    return click.style(names, fg=colours.setdefault(names, COLOURS[len(colours) % len(COLOURS)])) + " "


def _note(sentence: str) -> None:
    click.echo(f"torpor: {sentence}", err=True)
