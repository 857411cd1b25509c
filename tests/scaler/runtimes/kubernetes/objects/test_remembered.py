import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.objects.remembered import (
    ASLEEP_SINCE,
    LAST_ACCESS,
    PHASE,
    REPLICAS,
    Remembered,
    read_remembered,
)
from scaler.saved import Saved
from scaler.tally import Tally
from torpor.words import Phase


def test_what_is_written_is_read_again() -> None:
    tally = Tally(Saved(100, 50, 1000), 1_770_000_000.0)
    remembered = Remembered(3, 1_780_000_000.25, Phase.ASLEEP, 1_780_000_300.0, tally)
    assert remembered.written()[LAST_ACCESS] == "2026-05-28T20:26:40.250Z"
    assert read_remembered({name: value for name, value in remembered.written().items() if value}) == remembered


def test_since_when_it_sleeps_is_taken_away_when_it_is_awake() -> None:
    assert Remembered(phase=Phase.AWAKE).written() == {PHASE: "awake", ASLEEP_SINCE: None}


def test_what_is_not_known_is_not_written() -> None:
    assert Remembered().written() == {}


@pytest.mark.parametrize("replicas", ["", "0", "-1", "two", "1000000", "٣", "1e3"])
def test_a_count_that_makes_no_sense_is_none(replicas: str) -> None:
    assert read_remembered({REPLICAS: replicas}).replicas is None


@given(st.text(max_size=50), st.text(max_size=50))
def test_any_text_is_read(moment: str, phase: str) -> None:
    read_remembered({LAST_ACCESS: moment, PHASE: phase})


def test_a_time_without_a_zone_is_none() -> None:
    assert read_remembered({LAST_ACCESS: "2026-05-28T20:26:40"}).last_access is None
