"""`torpor version`: what to say in a report of a mistake."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version

import click

from torpor import __version__
from torpor.cli.options import json_option


@click.command("version")
@json_option
def command(as_json: bool) -> None:
    """Print the version of Torpor and of what it stands on.

    \b
    torpor version
    torpor version --json
    """
    found = {
        "torpor": __version__,
        "python": platform.python_version(),
        "mitmproxy": _installed("mitmproxy"),
        "haproxy": _haproxy(),
    }
    click.echo(json.dumps(found) if as_json else "\n".join(f"{name} {number}" for name, number in found.items()))


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _haproxy() -> str:
    from proxy.haproxy.program import find_program

    try:
        return find_program()[1]
    except OSError:
        return "not installed"
