"""`torpor up`: everything on one machine."""

from pathlib import Path

import click

from torpor.cli.options import file_option, log_level_option


@click.command("up")
@file_option
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    help='Written when everything answers: {"listen": "HOST:PORT", "api": "HOST:PORT", "pid": N}, and with TLS '
    '"tls": "HOST:PORT". Removed at the end.',
)
@log_level_option
def command(file: Path, ready_file: Path | None, log_level: str | None) -> None:
    """Run the apps of torpor.yaml on this machine, each asleep until somebody knocks.

    \b
    torpor up
    torpor up -f elsewhere/torpor.yaml

    On a terminal it shows a live view, elsewhere a line for each event. Ctrl-C or SIGTERM lets the visits in flight
    end and stops the apps; the second one ends at once. SIGHUP takes a changed torpor.yaml, as `torpor reload` does.
    """
    from torpor.cli.start import run_up

    run_up(file, ready_file=ready_file, log_level=log_level)
