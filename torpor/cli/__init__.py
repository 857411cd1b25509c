"""The command line, and the one place that composes the proxy, its engines and the scaler.

Each command is a module of `torpor.cli.commands`, imported when it is called, and imports what is heavy (mitmproxy,
the scaler, rich) only when it runs: `torpor apps` must answer at once.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
"""

import io
import os
import sys

import click

from torpor import __version__
from torpor.cli.group import LazyGroup

COMMANDS = {
    "up": "Run everything on this machine, from torpor.yaml.",
    "demo": "Try it with small apps in a temporary directory.",
    "apps": "List the apps and how they are.",
    "wake": "Wake an app and show how it gets on.",
    "sleep": "Put an app to sleep now.",
    "logs": "Print the last lines of an app's output, or follow it.",
    "events": "Follow what happens to the apps.",
    "savings": "Show what sleeping has saved, by app and by team.",
    "reload": "Take a changed torpor.yaml while everything runs.",
    "apply": "Apply manifests to a cluster, as a set.",
    "delete": "Delete a set that was applied.",
    "doctor": "Check torpor.yaml and this machine, or a cluster; say how to mend it.",
    "config": "Print every setting of torpor.yaml.",
    "proxy": "Run the proxy alone, linked to a scaler.",
    "scaler": "Run the scaler alone: apps, API, status page.",
    "rouse": "Wake all apps of a cluster, before Torpor is taken out of it.",
    "completion": "Print the completion script of a shell.",
    "version": "Print the version.",
}
"""In the order of the help text."""


@click.group(
    cls=LazyGroup,
    commands=COMMANDS,
    package="torpor.cli.commands",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Web apps that sleep when nobody uses them and wake when somebody knocks.

    \b
    Try it:           torpor demo
    Your own apps:    write torpor.yaml (see `torpor config`), then run: torpor up
    From elsewhere:   torpor apps, torpor wake notes, torpor logs notes

    The commands that ask a running Torpor find it by --api or TORPOR_API, else by the `api` of ./torpor.yaml, else at
    http://127.0.0.1:8081, else in the kubeconfig's cluster, which --kubernetes asks in any case. A token, where one is
    needed, is taken from TORPOR_TOKEN.
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Run the command line; does not return."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a sign is no reason to fail
    cli(prog_name="torpor")
