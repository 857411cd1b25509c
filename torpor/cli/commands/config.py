"""`torpor config`: what may stand in torpor.yaml."""

import json
import shutil
import textwrap

import click

from torpor.cli.options import json_option

EXAMPLE = """\
# A torpor.yaml to begin with:
#
#   apps:
#     notes:
#       hosts: [notes.localhost]
#       command: [python3, -m, http.server, "{port}"]
#
# Durations are numbers of seconds or such as 30s, 5m, 1h30m. Every setting:
"""


@click.command("config")
@json_option
def command(as_json: bool) -> None:
    """Print every setting of torpor.yaml: its name, type, default and what it does.

    \b
    torpor config
    torpor config --json | jq -r '.[].name'
    """
    from torpor.cli.settings import describe

    found = describe()
    if as_json:
        click.echo(json.dumps([setting.to_json() for setting in found], indent=2))
        return
    click.echo(EXAMPLE)
    width = min(100, shutil.get_terminal_size().columns)
    for setting in found:
        default = f", default {setting.default}" if setting.default not in ("", "required") else ""
        needed = ", required" if setting.default == "required" else ""
        click.echo(f"{click.style(setting.name, bold=True)}  ({setting.type}{default}{needed})")
        click.echo(
            textwrap.fill(
                setting.description, width, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
            )
        )
