"""The arithmetic of the benches."""

import pytest

from bench.figures import paired_ratio, percentile, share


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (1, 1), (50, 5), (51, 6), (95, 10), (100, 10)])
def test_a_percentile_is_a_value_that_was_seen(percent: float, value: float) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent) == value


def test_a_percentile_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_a_slow_round_does_not_change_the_ratio() -> None:
    assert paired_ratio([90, 9, 85], [100, 10, 100]) == 0.9


def test_a_ratio_needs_as_many_rounds_of_both() -> None:
    with pytest.raises(ValueError, match="zip"):
        paired_ratio([1], [1, 2])


def test_growth_is_shared_among_the_visits() -> None:
    assert share(2 * 1024 * 1000, 1000) == 2
