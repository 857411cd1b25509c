"""Orders have their bounds, and those that only wait have wider ones."""

from contextlib import ExitStack

import pytest

from scaler.api.places import AT_ONCE, MOST, MOST_BYTES, Places
from scaler.api.problems import Problem


def test_few_change_something_at_once() -> None:
    places = Places()
    with ExitStack() as taken:
        changed = [taken.enter_context(places.taken(0)) for _ in range(AT_ONCE)]
        with pytest.raises(Problem) as full, places.taken(0):
            pass
        assert (full.value.status, full.value.headers["Retry-After"]) == (503, "5")
        changed[0]()
        changed[0]()
        taken.enter_context(places.taken(0))
        with pytest.raises(Problem), places.taken(0):
            pass
    with places.taken(0):
        pass


def test_many_wait_but_not_any_number_nor_with_any_size() -> None:
    places = Places()
    with ExitStack() as taken:
        for _ in range(MOST):
            taken.enter_context(places.taken(1))()
        with pytest.raises(Problem, match=f"{MOST} orders are under way"), places.taken(0):
            pass
    with places.taken(MOST_BYTES - 1), pytest.raises(Problem), places.taken(2):
        pass
