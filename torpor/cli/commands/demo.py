"""`torpor demo`: Torpor with small apps, ready to be played with."""

import contextlib
import re
import shutil
import socket
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

import click

from torpor.cli.options import log_level_option

HINT = """\
Try it, and watch this terminal meanwhile (the apps fall asleep after {idle} without a visit):
  browser: {notes}   (wakes its database first)
  browser: {slow}   (takes its time: look at the waiting page)
  curl {clock}   (a program waits until the app is awake)
  another terminal: torpor --help   with TORPOR_API={api}
The files are in {directory}: copy them, change them, run `torpor up`. Ctrl-C ends it."""


@click.command("demo")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to put the demo's files. Kept afterwards; default: a temporary directory, removed at the end.",
)
@click.option("--ready-file", type=click.Path(path_type=Path), hidden=True)
@log_level_option
def command(directory: Path | None, ready_file: Path | None, log_level: str | None) -> None:
    """Run Torpor with a few small apps, and say what to try. Ctrl-C ends it.

    \b
    torpor demo
    torpor demo --directory my-first-torpor
    """
    from torpor.cli.start import run_up

    with contextlib.ExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="torpor-demo-")))
        file = _lay_out(directory)
        run_up(file, ready_file=ready_file, log_level=log_level, hint=_hint(file))


def _lay_out(directory: Path) -> Path:
    """Copy the demo's files, leaving those that are there already; return the torpor.yaml."""
    file = directory / "torpor.yaml"
    if file.exists():
        click.echo(f"Using what is in {directory}.", err=True)
        return file
    with as_file(files("torpor") / "demo") as source:
        shutil.copytree(
            source, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "__init__.py")
        )
    text = file.read_text(encoding="utf-8")
    for setting in ("listen", "api"):
        text = re.sub(rf"(?m)^({setting}: 127\.0\.0\.1:)(\d+)", _free, text)
    file.write_text(text, encoding="utf-8")
    return file


def _free(found: re.Match[str]) -> str:
    """The setting as it is, or with a free port where its own is taken."""
    port = int(found[2])
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            from scaler.runtimes.process.ports import free_port

            other = free_port()
            other.release()
            click.echo(f"Port {port} is taken; the demo uses {other.port} instead.", err=True)
            return f"{found[1]}{other.port}"
    return found[0]


def _hint(file: Path) -> str:
    from torpor.cli.supplied import settings_of
    from torpor.cli.urls import app_url, base_url
    from torpor.duration import format_duration
    from torpor.words import Address

    settings = settings_of(file)
    listen = Address(*settings.listen)
    urls = {name: app_url(app.hosts, listen) for name, app in settings.apps.items()}
    if not {"notes", "slow", "clock"} <= urls.keys():
        return ""
    return HINT.format(
        idle=format_duration(settings.idle_timeout),
        api=base_url(Address(*settings.api)),
        directory=file.parent,
        **{name: urls[name] for name in ("notes", "slow", "clock")},
    )
