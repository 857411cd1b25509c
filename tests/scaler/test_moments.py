import pytest

from scaler.moments import parse_moment, rfc3339


def test_what_is_written_is_read_again() -> None:
    assert rfc3339(1_780_000_000.25) == "2026-05-28T20:26:40.250Z"
    assert parse_moment("2026-05-28T20:26:40.250Z") == 1_780_000_000.25
    assert rfc3339(None) is None


@pytest.mark.parametrize("written", [None, 5, "", "soon", "2026-05-28T20:26:40", "2026-05-28T20:26:40Z" + " " * 40])
def test_what_is_no_time_is_none(written: object) -> None:
    assert parse_moment(written) is None
