"""`torpor wake APP`: the wake, and what it is doing while it takes."""

import json
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any
from urllib.parse import quote

import click

from torpor.cli.api import Api, app_path
from torpor.cli.failure import Failed
from torpor.cli.options import DurationType, app_argument, json_option, on_terminal, torpor_options
from torpor.cli.progress import Progress
from torpor.cli.say import printable
from torpor.duration import format_duration

EARS = 2.0
"""Seconds to wait for the stream of events before asking all the same."""

type News = tuple[str, Any]
"""`("progress", sentence)`, `("done", the app)` or `("failed", Failed)`."""


@click.command("wake")
@app_argument
@torpor_options
@json_option
@click.option(
    "--timeout",
    type=DurationType(),
    default="10m",
    show_default=True,
    help="How long to wait for the answer. The wake itself goes on.",
)
def command(app: str, api: Api, as_json: bool, timeout: float) -> None:
    """Wake APP and show how it gets on; done when it answers. Exit code 1 with the reason when it does not.

    \b
    torpor wake notes
    torpor wake notes && open http://notes.localhost:8080
    """
    news: SimpleQueue[News] = SimpleQueue()
    open_ = Event()
    listening = Thread(target=_listen, args=(api, app, news, open_), daemon=True)
    asking = Thread(target=_ask, args=(api, app, timeout, news), daemon=True)
    with Progress(f"waking {printable(app)}", animated=on_terminal() and not as_json, silent=as_json) as progress:
        listening.start()
        open_.wait(EARS)
        asking.start()
        woken = _outcome(news, progress)
        taken = progress.elapsed
    if as_json:
        click.echo(json.dumps(woken, indent=2))
    else:
        click.echo(f"{printable(app)} is awake after {format_duration(taken)}.")


def _outcome(news: "SimpleQueue[News]", progress: Progress) -> dict[str, Any]:
    while True:
        try:
            kind, what = news.get(timeout=0.1)  # short, so that Ctrl-C is heard and the spinner turns
        except Empty:
            progress.turn()
            continue
        if kind == "progress":
            progress.say(what)
        elif kind == "failed":
            raise what
        else:
            return dict(what)


def _ask(api: Api, app: str, timeout: float, news: "SimpleQueue[News]") -> None:
    try:
        news.put(("done", api.post(f"{app_path(app)}/wake", deadline=timeout)))
    except Failed as failure:
        news.put(("failed", failure))


def _listen(api: Api, app: str, news: "SimpleQueue[News]", open_: Event) -> None:
    """Progress is a courtesy: when it cannot be had, the answer still comes."""
    try:
        for event in api.events(f"/v1/events?app={quote(app, safe='')}", open_.set):
            if event.get("what") in ("phase", "progress"):
                news.put(("progress", str(event.get("text", ""))))
    except Failed:
        return
    finally:
        open_.set()
