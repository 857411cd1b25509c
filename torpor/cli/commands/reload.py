"""`torpor reload`: a changed torpor.yaml, taken while everything runs."""

import json

import click

from torpor.cli.api import Api
from torpor.cli.options import api_option, json_option
from torpor.cli.reloading import summary


@click.command("reload")
@api_option
@json_option
def command(api: Api, as_json: bool) -> None:
    """Have the running Torpor read its torpor.yaml again and say what changed.

    Apps that did not change are left alone, awake or not. A file with a mistake in it changes nothing: exit code 1,
    with the file and the line.

    \b
    torpor doctor && torpor reload
    """
    answer = api.post("/v1/reload", deadline=60.0)
    click.echo(json.dumps(answer, indent=2) if as_json else summary(answer))
