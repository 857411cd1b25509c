import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.objects.selector import Selector, read_selector


def test_all_labels_and_all_expressions_have_to_hold() -> None:
    selector = read_selector(
        {
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]},
                {"key": "old", "operator": "DoesNotExist"},
            ],
        }
    )
    assert selector.matches({"app": "web", "tier": "a", "more": "x"})
    assert not selector.matches({"app": "web", "tier": "c"})
    assert not selector.matches({"app": "web", "tier": "a", "old": ""})
    assert not selector.matches({"tier": "a"})


@pytest.mark.parametrize(
    ("written", "yes", "no"),
    [
        ("app=web", {"app": "web"}, {"app": "x"}),
        ("app==web,tier in (a, b)", {"app": "web", "tier": "b"}, {"app": "web", "tier": "c"}),
        ("app, tier notin (a)", {"app": "", "tier": "b"}, {"app": "", "tier": "a"}),
        ("!old,app!=x", {"app": "web"}, {"app": "x"}),
        ("app=web,!old", {"app": "web"}, {"app": "web", "old": "1"}),
    ],
)
def test_a_selector_written_as_text_means_the_same(written: str, yes: dict[str, str], no: dict[str, str]) -> None:
    assert read_selector(written).matches(yes)
    assert not read_selector(written).matches(no)


def test_an_empty_selector_selects_nothing() -> None:
    assert not Selector().matches({})
    assert not read_selector({}).matches({"app": "web"})


@pytest.mark.parametrize(
    "half",
    [
        {"matchLabels": {"app": "web", "tier": 5}},
        {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]},
        {"matchLabels": {"app": "web"}, "matchExpressions": [None]},
        "app=web,(",
        "app=web,a b c",
    ],
)
def test_what_is_understood_by_half_selects_nothing(half: object) -> None:
    assert not read_selector(half).matches({"app": "web"})


@given(st.text(max_size=60))
def test_any_text_is_read(written: str) -> None:
    read_selector(written).matches({"app": "web"})
