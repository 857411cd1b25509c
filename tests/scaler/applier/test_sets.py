"""Names of sets, and their marks."""

import pytest

from scaler.applier.sets import SetId, is_name, written_time


@pytest.mark.parametrize("name", ["a", "pr-12", "0", "x" * 63])
def test_a_name_is_that_of_a_label(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a/b", "a.b", "x" * 64, "a\n", "ä"])
def test_others_are_none(name: str) -> None:
    assert not is_name(name)


def test_they_are_written_as_people_name_them() -> None:
    assert str(SetId("review", "pr-1")) == "review/pr-1"
    assert written_time(60.7) == "1970-01-01T00:01:00Z"
