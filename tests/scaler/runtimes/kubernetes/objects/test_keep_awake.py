import pytest

from scaler.runtimes.kubernetes.objects.keep_awake import parse_windows


@pytest.mark.parametrize(
    "written", ["Mon-Fri 08:00-18:00 Europe/Berlin", "Mon,Wed-Thu 00:00-24:00 UTC", "10:00-11:30 Etc/GMT+2"]
)
def test_a_window_is_days_hours_and_a_zone(written: str) -> None:
    assert parse_windows(written) == written


@pytest.mark.parametrize("written", ["", ";", "Mon 8-18 UTC", "Mon-Fri 08:00-18:00", "Mo 08:00-09:00 UTC", "x;" * 30])
def test_anything_else_is_refused_with_what_is_allowed(written: str) -> None:
    with pytest.raises(ValueError, match="allowed are days, hours and a time zone"):
        parse_windows(written)
