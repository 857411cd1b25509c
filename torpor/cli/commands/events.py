"""`torpor events`: what happens to the apps, as it happens."""

import json
import sys
from contextlib import suppress
from typing import Any

import click

from torpor.cli.api import Api
from torpor.cli.options import json_option, torpor_options
from torpor.cli.say import about, printable


@click.command("events")
@torpor_options
@json_option
@click.option(
    "-n",
    "--last",
    type=click.IntRange(0, 500),
    default=20,
    show_default=True,
    help="How many of the past events to begin with.",
)
@click.option("--follow/--no-follow", default=True, show_default=True, help="Go on with the events to come.")
def command(api: Api, as_json: bool, last: int, follow: bool) -> None:
    """Print what has happened to the apps, and go on as it happens, until Ctrl-C.

    \b
    torpor events
    torpor events --no-follow -n 100
    torpor events --json | jq -c 'select(.what == "phase")'
    """
    with suppress(KeyboardInterrupt):
        for event in api.events(f"/v1/events?recent={last}&follow={int(follow)}"):
            if as_json or (event.get("what") != "activity" and event.get("text", "lost")):
                with api.understood():
                    line = json.dumps(event) if as_json else _line(event)
                click.echo(line)
                sys.stdout.flush()
        if follow:
            click.echo("torpor: the stream has ended; Torpor has stopped.", err=True)


def _line(event: dict[str, Any]) -> str:
    if "lost" in event:
        return f"({event['lost']} events are missing here: this reader is too slow)"
    return printable(f"{event['at']} {about(event['app']['id'], event['text'])}")
