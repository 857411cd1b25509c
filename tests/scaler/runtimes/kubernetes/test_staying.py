"""A word that wears off, whatever stands there."""

import pytest

from scaler.runtimes.kubernetes.staying import FARTHEST, seconds, written

NOW = 1_900_000_000.0


def test_what_is_written_is_read_as_the_seconds_that_are_left() -> None:
    said = written(NOW + 120)
    assert seconds(said, NOW) == 120
    assert seconds(said, NOW + 119) == 1


def test_it_is_over_when_its_time_has_come() -> None:
    assert seconds(written(NOW), NOW) == 0
    assert seconds(written(NOW - 5), NOW) == 0


@pytest.mark.parametrize(
    "said", ["", "for ever", "2030-03-17", "2030-03-17T17:46:40", "9" * 41, "0001-01-01T00:00:00+14:00"]
)
def test_what_makes_no_sense_says_nothing(said: str) -> None:
    assert seconds(said, NOW) == 0


def test_a_time_that_no_rouse_writes_keeps_nobody_awake() -> None:
    assert seconds(written(NOW + FARTHEST), NOW) == FARTHEST
    assert seconds(written(NOW + FARTHEST + 1), NOW) == 0
