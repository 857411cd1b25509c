"""docs/performance.md as the benches write it."""

import re

from bench.machine import describe
from bench.outcome import Goal, Outcome, Table
from bench.report import page

OUTCOME = Outcome(
    "speed",
    "Speed",
    "How it was measured.",
    [Table(("through", "requests/s", "p50 ms"), [("Torpor", "1,234", "5.0"), ("no proxy", "9", "")])],
    [Goal("ratio", 0.9, 0.85, at_most=False)],
)


def test_figures_are_aligned_to_the_right_and_names_to_the_left() -> None:
    text = page(describe(), [OUTCOME], "2026-01-01")
    assert "| through | requests/s | p50 ms |\n| --- | --: | --: |\n| Torpor | 1,234 | 5.0 |\n" in text


def test_the_page_tells_method_and_goals() -> None:
    text = page(describe(), [OUTCOME], "2026-01-01")
    assert "## Speed\n\nHow it was measured.\n" in text
    assert "- ratio: 0.90 (goal: at least 0.85), met\n" in text


def test_the_machine_is_told_in_general_terms_only() -> None:
    programs = "Torpor|Python|mitmproxy|HAProxy|nginx|Caddy|Linux|wrk"
    told = rf"\d+ cores, \d+ GiB of memory; ((?:{programs}) [\d.]+(?:, |; ))+load average [\d.]+ before the first bench"
    assert re.fullmatch(told, str(describe()))


def test_what_was_skipped_is_said_aloud() -> None:
    text = page(describe(), [Outcome("speed", "Speed", "", skipped={"Caddy": "caddy is not installed"})], "2026-01-01")
    assert "**Skipped: Caddy**: caddy is not installed." in text
