"""`torpor doctor`: what stands between this machine and a Torpor that runs."""

from collections import Counter
from pathlib import Path

import click

from torpor.cli.options import file_option

COLOURS = {"ok": "green", "note": "yellow", "wrong": "red"}


@click.command("doctor")
@file_option
def command(file: Path) -> None:
    """Check torpor.yaml and this machine. Exit code 1 when something is wrong; each finding says how to mend it.

    \b
    torpor doctor
    torpor doctor -f elsewhere/torpor.yaml

    Nothing is started and nothing is changed.
    """
    from torpor.cli.checks import CHECKS, Grade
    from torpor.cli.failure import Failed
    from torpor.cli.say import printable
    from torpor.cli.supplied import settings_of

    settings = settings_of(file)
    click.echo(f"{click.style('ok   ', fg='green')}  {file} reads well: {len(settings.apps)} apps")
    grades: Counter[Grade] = Counter()
    for check in CHECKS:
        for finding in check(settings, file.resolve().parent):
            grades[finding.grade] += 1
            click.echo(f"{click.style(f'{finding.grade:<5}', fg=COLOURS[finding.grade])}  {printable(finding.text)}")
            if finding.fix:
                click.echo(f"       → {printable(finding.fix)}")
    if wrong := grades[Grade.WRONG]:
        raise Failed(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong")
