import math
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torpor.schedule import NEVER, Schedule, parse_schedule

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = parse_schedule("Mon-Fri 08:00-18:00 Europe/Berlin")


def at(written: str, zone: str = "Europe/Berlin", fold: int = 0) -> float:
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def test_inside_a_window_its_end_is_told_and_outside_nothing() -> None:
    end = at("2026-11-23T18:00")  # a Monday
    assert OFFICE.until(at("2026-11-23T08:00")) == end
    assert OFFICE.until(at("2026-11-23T17:59:59.999")) == end
    assert OFFICE.until(end) is None
    assert OFFICE.until(at("2026-11-23T07:59:59.999")) is None
    assert OFFICE.until(at("2026-11-22T12:00")) is None
    assert NEVER.until(end) is None


def test_the_clocks_are_those_of_the_place() -> None:
    assert OFFICE.until(at("2026-11-23T07:00", "UTC")) is not None
    assert OFFICE.until(at("2026-11-23T06:59", "UTC")) is None
    assert OFFICE.until(at("2026-07-20T06:00", "UTC")) is not None


def test_of_several_windows_each_holds() -> None:
    both = parse_schedule("Mon 08:00-12:00 UTC; Mon 14:00-16:00 UTC;")
    assert both.until(at("2026-11-23T09:00", "UTC")) == at("2026-11-23T12:00", "UTC")
    assert both.until(at("2026-11-23T13:00", "UTC")) is None
    assert both.until(at("2026-11-23T15:00", "UTC")) == at("2026-11-23T16:00", "UTC")


def test_windows_that_meet_are_one() -> None:
    meeting = parse_schedule("Mon 08:00-12:00 UTC; Mon 11:00-13:00 UTC; Mon 12:30-24:00 UTC; Tue 00:00-01:00 UTC")
    assert meeting.until(at("2026-11-23T09:00", "UTC")) == at("2026-11-24T01:00", "UTC")


def test_a_window_may_go_over_midnight_and_belongs_to_the_day_on_which_it_begins() -> None:
    night = parse_schedule("Fri 22:00-06:00 UTC")
    assert night.until(at("2026-11-27T23:00", "UTC")) == at("2026-11-28T06:00", "UTC")
    assert night.until(at("2026-11-28T05:59", "UTC")) == at("2026-11-28T06:00", "UTC")
    assert night.until(at("2026-11-27T05:00", "UTC")) is None


def test_without_days_it_is_every_day_and_days_may_go_over_the_end_of_the_week() -> None:
    daily, weekend = parse_schedule("10:00-11:00 UTC"), parse_schedule("Sat-Mon,Wed 10:00-11:00 UTC")
    moments = [at(f"2026-11-{day}T10:30", "UTC") for day in range(23, 30)]
    assert [daily.until(moment) is not None for moment in moments] == [True] * 7
    assert [weekend.until(moment) is not None for moment in moments] == [True, False, True, False, False, True, True]


def test_what_goes_on_for_ever_never_ends() -> None:
    assert parse_schedule("00:00-24:00 Europe/Berlin").until(at("2026-03-28T10:00")) == math.inf
    assert parse_schedule("08:00-07:00 UTC; 06:00-09:00 UTC").until(at("2026-11-23T10:00")) == math.inf
    assert parse_schedule("Mon-Sat 00:00-24:00 UTC").until(at("2026-11-23T00:00", "UTC")) == at("2026-11-29", "UTC")


def test_on_the_day_when_clocks_are_changed_a_window_has_its_hours_by_the_clock() -> None:
    daily = parse_schedule("01:00-04:00 Europe/Berlin")
    for day, hours in (("2026-03-28", 3), ("2026-03-29", 2), ("2026-10-25", 4)):
        begin = at(f"{day}T01:00")
        assert daily.until(begin) == begin + hours * 3600


def test_an_hour_that_comes_twice_is_in_the_window_both_times() -> None:
    short = parse_schedule("02:15-02:45 Europe/Berlin")
    end = at("2026-10-25T02:45", fold=1)
    assert short.until(at("2026-10-25T02:20")) == end
    assert short.until(at("2026-10-25T02:20", fold=1)) == end


def test_an_hour_that_does_not_come_is_as_long_and_an_hour_later() -> None:
    short = parse_schedule("02:15-02:45 Europe/Berlin")
    assert short.until(at("2026-03-29T03:15")) == at("2026-03-29T03:45")
    assert short.until(at("2026-03-29T01:59")) is None
    assert short.until(at("2026-03-29T03:45")) is None


@pytest.mark.parametrize(
    "written", ["Mon-Fri 08:00-18:00 Europe/Berlin", "Mon,Wed-Thu 00:00-24:00 UTC", "10:00-11:30 Etc/GMT+2"]
)
def test_it_is_kept_as_it_was_written(written: str) -> None:
    assert parse_schedule(written).written == written
    assert parse_schedule(f"  {written.replace(' ', '   ')} ;; {written}").written == f"{written}; {written}"


@pytest.mark.parametrize(
    "written",
    [
        *("", ";", "always", "Mon 8-18 UTC", "Mon-Fri 08:00-18:00", "Mo 08:00-09:00 UTC", "mon 08:00-09:00 UTC"),
        *("Mon 25:00-26:00 UTC", "24:00-25:00 UTC", "08:00 - 09:00 UTC", "08:00-09:00 UTC " * 2, "٠8:00-09:00 UTC"),
        "08:00-09:00 UTC;" * 21,
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(written: str) -> None:
    with pytest.raises(ValueError, match="allowed are days, hours and a time zone"):
        parse_schedule(written)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Europe", "Europe/berlin/../..", "tzdata.zi", "CE/ST", "A" * 61])
def test_a_time_zone_has_to_be_one(zone: str) -> None:
    with pytest.raises(ValueError, match="allowed"):
        parse_schedule(f"08:00-09:00 {zone}")


def test_a_window_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="the whole day is 00:00-24:00"):
        parse_schedule("08:00-08:00 UTC")


@given(st.text(alphabet="MonTueFri,-0123456789: ;UTCEurope/Berlin", max_size=60))
def test_any_text_is_a_schedule_or_an_error(written: str) -> None:
    with suppress(ValueError):
        parse_schedule(written)


TIMES = st.integers(0, 23 * 60 + 59).map(lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}")
DAYS = st.sampled_from(["", "Mon ", "Mon-Fri ", "Sat,Sun ", "Fri-Mon "])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"])
WINDOWS = st.builds(lambda *parts: "{}{}-{} {}".format(*parts), DAYS, TIMES, TIMES, ZONES)


@given(st.lists(WINDOWS, min_size=1, max_size=3), st.floats(1.6e9, 1.9e9))
def test_until_its_end_it_holds_every_moment_and_then_none(windows: list[str], moment: float) -> None:
    schedule = Schedule()
    with suppress(ValueError):
        schedule = parse_schedule(";".join(windows))
    end = schedule.until(moment)
    if end is not None and end < math.inf:
        assert end > moment
        assert schedule.until(end) is None
        assert schedule.until((moment + end) / 2) == end


@given(st.floats(1.6e9, 1.9e9))
def test_within_office_hours_it_is_awake(moment: float) -> None:
    there = datetime.fromtimestamp(moment, BERLIN)
    inside = there.weekday() < 5 and 8 <= there.hour < 18
    end = there.replace(hour=18, minute=0, second=0, microsecond=0)
    assert OFFICE.until(moment) == (end.timestamp() if inside else None)
    assert end - there < timedelta(days=1)
