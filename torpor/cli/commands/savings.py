"""`torpor savings`: what sleeping has saved by app and by team, or as the API's JSON."""

import json
from typing import Any

import click

from torpor.cli.api import Api
from torpor.cli.options import json_option, torpor_options
from torpor.cli.say import columns, printable, unix_time
from torpor.duration import format_duration

GIB_HOUR = 2.0**30 * 3600
HEADING = ("APP", "TEAM", "SINCE (UTC)", "ASLEEP", "SHARE", "CORE HOURS", "GIB HOURS")


@click.command("savings")
@torpor_options
@json_option
def command(api: Api, as_json: bool) -> None:
    """Show what sleeping has saved, and what it would save in shadow mode: by app, by team, in all, and since when.

    CPU and memory are what the replicas request that were not there. SHARE is how much of its time an app was asleep.
    Money is shown where torpor.yaml has a `price`.

    \b
    torpor savings
    torpor savings --json | jq .total.saved.cpu_core_seconds
    """
    answer = api.get("/v1/savings")
    if as_json:
        click.echo(json.dumps(answer, indent=2))
        return
    with api.understood():
        tables = [
            _table("saved", "Saved by sleeping:", answer),
            _table("would_save", "In shadow mode sleeping would have saved:", answer),
        ]
    none = "There are no apps; `torpor config` shows how to name them, `torpor doctor` how in a cluster."
    click.echo("\n\n".join(table for table in tables if table) or none)


def _table(what: str, title: str, answer: dict[str, Any]) -> str:
    """Apps, teams where there are any, and the sum; empty when it is about none."""
    now, price = unix_time(answer["at"]) or 0.0, answer["price"]
    told = [app for app in answer["apps"] if app[what] is not None]
    if what == "saved":  # those that are only measured have saved something only before they were
        told = [app for app in told if app["mode"] != "shadow" or app[what]["asleep_seconds"]]
    if not told:
        return ""
    rows: list[tuple[str, ...]] = [(*HEADING, printable(price["currency"])) if price else HEADING]
    rows += [(printable(app["id"]), printable(app["team"]), *_cells(app[what], now)) for app in told]
    if any(team["team"] for team in answer["teams"]):
        rows += [
            ("", printable(team["team"]) or "(no team)", *_cells(team[what]))
            for team in answer["teams"]
            if team[what] is not None
        ]
    rows.append(("all", "", *_cells(answer["total"][what])))
    return f"{title}\n{columns(rows)}"


def _cells(one: dict[str, Any], now: float | None = None) -> tuple[str, ...]:
    """`now` for a single app, whose share can be told."""
    seconds, since = float(one["asleep_seconds"]), unix_time(one["since"])
    share = f"{min(1.0, seconds / (now - since)):.0%}" if now and since is not None and now > since else ""
    return (
        str(one["since"] or "")[:16].replace("T", " "),
        format_duration(round(seconds)),
        share,
        f"{one['cpu_core_seconds'] / 3600:.2f}",
        f"{one['memory_byte_seconds'] / GIB_HOUR:.2f}",
        *([] if one["money"] is None else [f"{one['money']:.2f}"]),
    )
