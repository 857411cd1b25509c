import pytest
from hypothesis import given
from hypothesis import strategies as st

from torpor.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("500ms", 0.5), ("2d", 172_800), ("1.5h", 5400), (7, 7), (0, 0)],
)
def test_durations_are_read_as_people_write_them(text: object, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "5 m", "m5", "-1s", "1w", None, True, [], "400d", -3, float("inf"), float("nan")]
)
def test_anything_else_is_refused_and_says_what_is_allowed(text: object) -> None:
    with pytest.raises(ValueError, match="allowed is"):
        parse_duration(text)


@given(st.integers(0, 366 * 86400))
def test_what_is_written_reads_back_within_its_precision(seconds: int) -> None:
    assert abs(parse_duration(format_duration(seconds)) - seconds) <= max(60, seconds / 24)


def test_short_durations_keep_a_tenth_of_a_second() -> None:
    assert [format_duration(s) for s in (0, 0.4, 3, 61, 3600, 90061)] == ["0s", "0.4s", "3s", "1m1s", "1h", "1d1h"]
