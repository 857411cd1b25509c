"""What a doctor finds, and how it is told: each finding with its fix, in the order of the examination."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import click

from torpor.cli.failure import Failed
from torpor.cli.say import printable

COLOURS = {"ok": "green", "note": "yellow", "wrong": "red"}


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen, and how to mend it where it is not in order."""

    grade: Grade
    text: str
    fix: str = ""
    """May have several lines, such as a rule to paste."""
    topic: str = ""
    """Findings of one topic stand together under its name."""
    about: tuple[str, ...] = ()
    """The objects that it is about, where it is about objects."""

    def to_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "grade": str(self.grade),
            "topic": self.topic,
            "text": self.text,
            "fix": self.fix,
            "about": list(self.about),
        }


class Report:
    """Tells findings as they come, or all at once as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._found: list[Finding] = []
        self._topic = ""

    def tell(self, findings: Iterable[Finding]) -> None:
        """Print them, or keep them for the end."""
        for finding in findings:
            self._found.append(finding)
            if not self._as_json:
                self._print(finding)

    def end(self) -> None:
        """Raises Failed when something is wrong."""
        grades = Counter(finding.grade for finding in self._found)
        if self._as_json:
            said = {"wrong": grades[Grade.WRONG], "findings": [finding.to_json() for finding in self._found]}
            click.echo(json.dumps(said, indent=2))
        if wrong := grades[Grade.WRONG]:
            raise Failed(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong")

    def _print(self, finding: Finding) -> None:
        if finding.topic != self._topic:
            self._topic = finding.topic
            click.echo(f"\n{click.style(finding.topic, bold=True)}")
        whose = f"{some(finding.about)}: " if finding.about else ""
        grade = click.style(f"{finding.grade:<5}", fg=COLOURS[finding.grade])
        click.echo(f"{grade}  {printable(whose + finding.text)}")
        sign = "→"
        for line in finding.fix.splitlines():
            click.echo(f"       {sign} {printable(line)}")
            sign = " "


def some(names: Sequence[str], most: int = 5) -> str:
    """The first few of the names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def count(number: int, one: str, many: str = "") -> str:
    """`1 app`, `2 apps`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
