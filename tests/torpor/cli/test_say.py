"""Words and columns on a terminal."""

import pytest

from torpor.cli.say import ago, columns, printable, unix_time, until


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain → ä", "plain → ä"),
        ("a\tb\n", "a\\tb\\n"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202e", "\\u202e"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_times_are_told_from_now() -> None:
    assert ago(None, 100.0) == "never"
    assert ago(58.4, 100.0) == "42s ago"
    assert ago(101.0, 100.0) == "0s ago"
    assert until(None, 100.0) == "-"
    assert until(190.0, 100.0) == "1m30s"


def test_a_time_that_is_none_is_none() -> None:
    assert unix_time("2026-01-02T03:04:05.678Z") == pytest.approx(1767323045.678)
    assert unix_time("soon") is None
    assert unix_time(None) is None


def test_columns_are_aligned_whatever_their_colour() -> None:
    assert columns([("A", "B"), ("\x1b[32mlong\x1b[0m", "x")]) == "A     B\n\x1b[32mlong\x1b[0m  x"
