"""What a bench hands back: tables for people, goals with their bounds, raw data for programs."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are ready to print; the first column names the row, the others are figures."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and what it should be."""

    what: str
    value: float
    bound: float
    at_most: bool
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side of its bound."""
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def __str__(self) -> str:
        side = "at most" if self.at_most else "at least"
        verdict = "met" if self.met else "MISSED"
        return (
            f"{self.what}: {_number(self.value)}{self.unit} (goal: {side} {_number(self.bound)}{self.unit}), {verdict}"
        )


@dataclass(slots=True)
class Outcome:
    """One bench's figures."""

    name: str
    title: str
    method: str
    """Prose: how it was measured, and what the columns mean."""
    tables: list[Table] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    """What could not be measured on this machine, and why."""
    data: dict[str, Any] = field(default_factory=dict)
    """What the tables were made of, as JSON."""


def _number(value: float) -> str:
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
