from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.discovery.needs import Needs

_APPS = "abcde"


def reach(needs: dict[str, set[str]], app: str) -> set[str]:
    found: set[str] = set()
    ahead = list(needs.get(app, ()))
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += needs.get(one, ())
    return found


@given(st.lists(st.tuples(st.sampled_from(_APPS), st.sets(st.sampled_from(_APPS), max_size=3)), max_size=15))
def test_circles_are_those_that_there_are_and_whoever_comes_into_one_or_out_of_it_is_told(
    changes: list[tuple[str, set[str]]],
) -> None:
    needs, known = Needs(), dict[str, set[str]]()
    circles: dict[str, frozenset[str]] = {}
    for app, wanted in changes:
        known[app] = wanted
        touched = needs.put(app, sorted(wanted))
        for one in _APPS:
            circle = frozenset(other for other in reach(known, one) if one in reach(known, other))
            assert needs.circle(one) == circle
            assert one in touched or one == app or circle == circles.get(one, frozenset())
            circles[one] = circle
            assert set(needs.needed_by(one)) == {other for other in _APPS if one in known.get(other, ())}


def test_the_same_needs_again_touch_nobody() -> None:
    needs = Needs()
    assert needs.put("a", ["b"]) == {"b"}
    assert needs.put("a", ["b"]) == set()


def test_an_app_that_needs_itself_is_a_circle() -> None:
    needs = Needs()
    needs.put("a", ["a"])
    assert needs.circle("a") == {"a"}
