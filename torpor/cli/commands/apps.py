"""`torpor apps`: the apps in a table, or as the API's JSON."""

import json
import time
from typing import Any

import click

from torpor.cli.api import Api
from torpor.cli.options import json_option, torpor_options
from torpor.cli.say import ago, coloured_phase, columns, printable, unix_time, until

HEADING = ("APP", "PHASE", "IN FLIGHT", "HELD", "LAST ACCESS", "SLEEPS IN", "HOSTS")
EXPIRES = "EXPIRES IN"
"""Where there are apps that are deleted with their set unless somebody uses them."""


@click.command("apps")
@torpor_options
@json_option
def command(api: Api, as_json: bool) -> None:
    """List the apps: phase, requests in flight, last access, time until sleep.

    \b
    torpor apps
    torpor apps --json | jq -r '.apps[] | select(.phase == "awake").id'
    """
    answer = api.get("/v1/apps")
    if as_json:
        click.echo(json.dumps(answer, indent=2))
        return
    now = time.time()
    with api.understood():
        expiring = any(app.get("expires_at") for app in answer["apps"])
        heading = (*HEADING[:-1], EXPIRES, HEADING[-1]) if expiring else HEADING
        rows = [_row(app, now, expiring=expiring) for app in answer["apps"]]
    none = "There are no apps; `torpor config` shows how to name them, `torpor doctor` how in a cluster."
    click.echo(columns([heading, *rows]) if rows else none)


def _row(app: dict[str, Any], now: float, *, expiring: bool) -> tuple[str, ...]:
    where = ", ".join(app["hosts"])
    if app["phase"] == "failed" and app["reason"]:
        where += f"  ({app['reason']})"
    elif app["phase"] == "waking" and app.get("stage"):
        where += f"  ({app['stage']})"
    return (
        printable(app["id"]),
        coloured_phase(app["phase"]),
        str(app["in_flight"]),
        str(app["held"]),
        ago(unix_time(app["last_access"]), now),
        "would sleep" if app.get("shadow_since") else until(unix_time(app["sleeps_at"]), now),
        *([until(unix_time(app.get("expires_at")), now)] if expiring else []),
        printable(where),
    )
