"""What is told of a set that is applied or deleted: a line for each object as it is done, and the end of it."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import click

from torpor.cli.api import Api
from torpor.cli.failure import Failed, Refused
from torpor.cli.options import on_terminal
from torpor.cli.progress import Progress
from torpor.cli.say import printable

TRIES = 6
LONGEST_PAUSE = 10.0
"""Seconds between two of them, whatever is asked for."""


def carry_out(
    api: Api, method: str, path: str, query: dict[str, str], *, title: str, body: bytes | None, as_json: bool
) -> dict[str, Any]:
    """Ask for it, tell what is done while it is done, and return the report. Where nothing was done, and the same may
    go well in a moment, it is asked for again. Raises Failed with what went wrong."""
    report: dict[str, Any] | None = None
    asked = f"{path}?{urlencode(query)}" if query else path
    with Progress(title, animated=on_terminal() and not as_json, silent=as_json) as progress:
        for left in reversed(range(TRIES)):
            try:
                report = _once(api, method, asked, body, progress)
                break
            except Refused as refused:
                if refused.status != 503 or refused.retry_after is None or not left:
                    raise
                pause = min(refused.retry_after, LONGEST_PAUSE)
                progress.say(f"{refused.message.removesuffix('.')}; once more in {pause:g}s")
                time.sleep(pause)
    if report is None:
        raise Failed("the connection was lost before the end; what was done is told above. Do the same again")
    if as_json:
        click.echo(json.dumps(report, indent=2))
    if report.get("failure"):
        raise Failed("\n".join(printable(line) for line in str(report["failure"]).splitlines()))
    return report


def _once(api: Api, method: str, asked: str, body: bytes | None, progress: Progress) -> dict[str, Any] | None:
    report: dict[str, Any] | None = None
    for event in api.events(asked, method=method, body=body):
        if "text" in event:
            progress.say(str(event["text"]))
        else:
            report = event
    return report


def summary(api: Api, report: dict[str, Any]) -> str:
    """A line for each object, and one for each app."""
    with api.understood():
        would = "would be " if report["dry_run"] else ""
        lines = [_object(one, would) for one in (*report["objects"], *report["pruned"])]
        lines += [f"{one['app']}: {one['detail']}" for one in report["apps"]]
    return "\n".join("\n".join(printable(part) for part in line.split("\n")) for line in lines)


def _object(one: dict[str, Any], would: str) -> str:
    outcome = one["outcome"] if one["outcome"] in ("unchanged", "left") else would + one["outcome"]
    said = f" ({one['detail']})" if one["detail"] else ""
    diff = f"\n{one['diff'].rstrip()}" if one["diff"] else ""
    return f"{one['kind']} {one['name']}: {outcome}{said}{diff}"
