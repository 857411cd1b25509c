"""A door of an app as its proxies see it."""

import pytest

from scaler.app import App, AppSpec
from scaler.describe import view_of
from scaler.lifecycle import Life
from torpor.words import Address, Phase

HERE = {"": (Address("10.0.0.1", 80),)}


def app(phase: Phase) -> App:
    life = Life(phase, since=100.0, retry_at=130.0 if phase is Phase.FAILED else 0.0)
    return App(AppSpec("a", {"": ("a.localhost",)}), life, addresses=HERE, addressed_at=105.0)


@pytest.mark.parametrize("phase", Phase)
def test_addresses_are_for_those_who_may_use_them(phase: Phase) -> None:
    """A stop that is under way may be refused, so they are known for longer than they are told."""
    told = view_of(app(phase), "", 110.0).addresses
    assert told == (HERE[""] if phase in (Phase.AWAKE, Phase.DRAINING) else ())


def test_times_are_ages() -> None:
    assert view_of(app(Phase.WAKING), "", 110.0).waking_for == 10.0
    assert view_of(app(Phase.AWAKE), "", 110.0).waking_for == 0.0
    assert view_of(app(Phase.FAILED), "", 110.0).retry_in == 20.0
    assert view_of(app(Phase.FAILED), "", 200.0).retry_in == 0.0


def test_a_door_of_an_awake_app_where_nothing_answers_is_shown_as_waking_since_it_does_not() -> None:
    awake = app(Phase.AWAKE)
    awake.addresses = {"": ()}
    view = view_of(awake, "", 110.0)
    assert (view.phase, view.waking_for) == (Phase.WAKING, 5.0)
    assert view.stage


def test_a_door_that_drains_drains_even_where_nothing_answers() -> None:
    draining = app(Phase.DRAINING)
    draining.addresses = {}
    assert view_of(draining, "", 110.0).phase is Phase.DRAINING
