"""`torpor sleep APP`: the two-step sleep, asked for by hand."""

import json

import click

from torpor.cli.api import Api, app_path
from torpor.cli.options import DurationType, app_argument, json_option, on_terminal, torpor_options
from torpor.cli.progress import Progress
from torpor.cli.say import printable


@click.command("sleep")
@app_argument
@torpor_options
@json_option
@click.option(
    "--timeout", type=DurationType(), default="10m", show_default=True, help="How long to wait for the answer."
)
def command(app: str, api: Api, as_json: bool, timeout: float) -> None:
    """Put APP to sleep now. While somebody uses it, it stays awake: exit code 1 with the reason.

    \b
    torpor sleep notes
    """
    with Progress(f"putting {printable(app)} to sleep", animated=on_terminal() and not as_json, silent=True):
        answer = api.post(f"{app_path(app)}/sleep", deadline=timeout)
    click.echo(json.dumps(answer, indent=2) if as_json else f"{printable(app)} is asleep.")
