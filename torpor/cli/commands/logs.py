"""`torpor logs APP`: the end of an app's own output."""

import click

from torpor.cli.api import Api, app_path
from torpor.cli.options import app_argument, torpor_options
from torpor.cli.say import printable


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
    """
    for line in api.text(f"{app_path(app)}/logs?lines={lines}").splitlines():
        click.echo(printable(line.expandtabs()))
