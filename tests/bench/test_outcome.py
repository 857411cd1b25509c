"""Goals and what is said of them."""

from bench.outcome import Goal


def test_a_goal_has_a_right_side() -> None:
    assert Goal("ratio", 0.9, 0.85, at_most=False).met
    assert not Goal("ratio", 0.8, 0.85, at_most=False).met
    assert Goal("memory", 40, 40, at_most=True).met
    assert not Goal("memory", 41, 40, at_most=True).met


def test_a_goal_says_its_figure_its_bound_and_whether_it_is_met() -> None:
    assert str(Goal("memory", 16.04, 40, at_most=True, unit=" KiB")) == "memory: 16.0 KiB (goal: at most 40 KiB), met"
    assert str(Goal("ratio", 0.8, 0.85, at_most=False)) == "ratio: 0.80 (goal: at least 0.85), MISSED"
