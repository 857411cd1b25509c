"""`torpor logs APP`: the end of an app's own output."""

import click

from torpor.cli.api import Api, app_path
from torpor.cli.options import app_argument, torpor_options
from torpor.cli.say import printable

DEADLINE = 20.0
"""Seconds: in a cluster each of several pods is asked."""


@click.command("logs")
@app_argument
@torpor_options
@click.option(
    "-n", "--lines", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many lines at most."
)
def command(app: str, api: Api, lines: int) -> None:
    """Print the last lines that APP has written to its output, the oldest first.

    \b
    torpor logs notes
    torpor logs notes -n 1000 | grep -i error

    In a cluster these are the lines of its pods, each with the pod's name where there are several; while it sleeps
    there are none.
    """
    written = api.text(f"{app_path(app)}/logs?lines={lines}", deadline=DEADLINE).splitlines()
    for line in written:
        click.echo(printable(line.expandtabs()))
    if not written:
        click.echo(f"torpor: nothing is left of what {printable(app)} has written, if it has.", err=True)
