"""When a set is over that nobody uses; in doubt it is not."""

import pytest

from scaler.applier.expiry import LONGEST_NOTICE, Expiry, Use, expiry
from scaler.applier.members import Member
from scaler.applier.sets import SetId
from scaler.runtimes.kubernetes.api.kinds import SERVICES

HOUR = 3600.0


def member(expires_in: float | None = 10 * HOUR, applied_at: float | None = 1000.0, *, ours: bool = True) -> Member:
    return Member(SERVICES, SetId("review", "pr-1"), "web", "uid", "7", ours, False, expires_in, applied_at)


def test_it_expires_so_long_after_it_was_applied_or_used_last() -> None:
    assert expiry([member()], []) == Expiry(1000.0 + 10 * HOUR, 1000.0 + 9 * HOUR)
    assert expiry([member()], [Use(None, now=False)]) == Expiry(1000.0 + 10 * HOUR, 1000.0 + 9 * HOUR)
    later = expiry([member()], [Use(5000.0, now=False), Use(3000.0, now=False)])
    assert later == Expiry(5000.0 + 10 * HOUR, 5000.0 + 9 * HOUR)


def test_people_are_told_a_day_before_at_most() -> None:
    found = expiry([member(30 * 86400.0, 0.0)], [])
    assert found == Expiry(30 * 86400.0, 30 * 86400.0 - LONGEST_NOTICE)


def test_the_last_of_several_marks_counts() -> None:
    found = expiry([member(applied_at=1.0), member(applied_at=2.0), member(None, None)], [])
    assert found is not None
    assert found.at == 2.0 + 10 * HOUR


def test_it_waits_while_it_is_in_use_or_that_is_not_known() -> None:
    found = expiry([member()], [Use(1.0, now=True)])
    assert found is not None
    assert found.waits


@pytest.mark.parametrize(
    "members",
    [[], [member(None)], [member(applied_at=None)], [member(ours=False)]],
    ids=["none", "period", "time", "ours"],
)
def test_without_a_mark_it_never_does(members: list[Member]) -> None:
    assert expiry(members, []) is None


def test_nor_does_it_while_nobody_measures_the_use_of_an_app_of_it() -> None:
    assert expiry([member()], [Use(1.0, now=False), None]) is None
