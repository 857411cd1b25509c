from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.lifecycle import FLAPS, LONGEST_BACK_OFF, STEADY, Command, Event, Life, back_off, step
from torpor.words import Phase


def live(*events: Event, life: Life | None = None, gap: float = 10.0) -> tuple[Life, list[Command]]:
    life, done, now = life or Life(), [], 0.0
    for event in events:
        now += gap
        life, commands = step(life, event, now)
        done += commands
    return life, done


def test_a_whole_life_starts_once_and_stops_once() -> None:
    life, done = live(Event.KNOCK, Event.READY, Event.IDLE, Event.DRAINED)
    assert life.phase is Phase.ASLEEP
    assert done == [Command.START, Command.DRAIN, Command.STOP]


def test_waking_is_single_flight() -> None:
    life, done = live(Event.KNOCK, Event.KNOCK, Event.INSIST, Event.KNOCK)
    assert (life.phase, done) == (Phase.WAKING, [Command.START])


def test_any_sign_of_use_calls_a_sleep_off() -> None:
    for sign in (Event.KNOCK, Event.INSIST, Event.BUSY):
        life, done = live(Event.KNOCK, Event.READY, Event.IDLE, sign)
        assert life.phase is Phase.AWAKE
        assert done[-1] is Command.CALL_OFF


def test_an_acknowledgement_after_the_sleep_was_called_off_stops_nothing() -> None:
    life, done = live(Event.KNOCK, Event.READY, Event.IDLE, Event.KNOCK, Event.DRAINED)
    assert life.phase is Phase.AWAKE
    assert Command.STOP not in done


def test_news_of_a_wake_that_is_over_changes_nothing() -> None:
    asleep = Life()
    for late in (Event.READY, Event.FAIL, Event.LOST, Event.BUSY, Event.DRAINED, Event.IDLE):
        assert step(asleep, late, 1.0) == (asleep, ())


def test_a_failed_app_is_tried_again_by_a_visit_after_the_back_off_and_by_an_operator_at_once() -> None:
    failed, _ = live(Event.KNOCK, Event.FAIL)
    assert failed.phase is Phase.FAILED
    assert step(failed, Event.KNOCK, failed.retry_at - 0.01) == (failed, ())
    assert step(failed, Event.KNOCK, failed.retry_at)[0].phase is Phase.WAKING
    assert step(failed, Event.INSIST, failed.since)[0].phase is Phase.WAKING


def test_the_back_off_doubles_up_to_its_limit() -> None:
    waits = [back_off(failures) for failures in range(1, 20)]
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == LONGEST_BACK_OFF
    assert all(second >= first for first, second in pairwise(waits))
    assert back_off(0) == 0


def test_an_app_that_falls_over_is_woken_by_the_next_visit() -> None:
    life, _ = live(Event.KNOCK, Event.READY, Event.LOST)
    assert (life.phase, life.failures) == (Phase.ASLEEP, 0)


def test_an_app_that_keeps_falling_over_at_once_has_failed() -> None:
    life, _ = live(*[Event.KNOCK, Event.READY, Event.LOST] * FLAPS, gap=STEADY / 2)
    assert life.phase is Phase.FAILED
    assert life.retry_at > life.since


def test_a_failed_app_that_nobody_asks_for_is_stopped_at_once_in_case_something_runs() -> None:
    life, done = live(Event.KNOCK, Event.FAIL, Event.IDLE)
    assert (life.phase, life.failures, done[-1]) == (Phase.ASLEEP, 0, Command.STOP)


def test_an_app_whose_stop_was_refused_is_up_still_unless_it_is_being_woken_already() -> None:
    asleep, _ = live(Event.KNOCK, Event.READY, Event.IDLE, Event.DRAINED)
    assert step(asleep, Event.KEPT, 1.0)[0].phase is Phase.AWAKE
    waking, _ = step(asleep, Event.KNOCK, 1.0)
    assert step(waking, Event.KEPT, 2.0) == (waking, ())
    failed, _ = step(waking, Event.FAIL, 2.0)
    assert step(failed, Event.KEPT, 3.0)[0].phase is Phase.AWAKE


@pytest.mark.parametrize("story", [(), (Event.READY,), (Event.READY, Event.IDLE)])
def test_an_app_that_somebody_else_takes_down_is_asleep_and_nothing_is_stopped(story: tuple[Event, ...]) -> None:
    life, done = live(Event.KNOCK, *story, Event.TAKEN)
    assert life.phase is Phase.ASLEEP
    assert Command.STOP not in done


def test_an_app_that_somebody_keeps_taking_down_has_failed_for_a_while() -> None:
    life, _ = live(*[Event.KNOCK, Event.TAKEN] * FLAPS)
    assert life.phase is Phase.FAILED
    assert step(life, Event.KNOCK, life.retry_at - 0.01) == (life, ())


def test_a_quiet_sleep_forgives_failures() -> None:
    life, _ = live(Event.KNOCK, Event.FAIL, Event.INSIST, Event.READY, Event.IDLE, Event.DRAINED)
    assert life.failures == 0


@given(st.lists(st.tuples(st.sampled_from(list(Event)), st.floats(0, 100)), max_size=60))
def test_whatever_happens_starts_and_stops_alternate_and_only_a_drained_or_failed_app_is_stopped(
    story: list[tuple[Event, float]],
) -> None:
    life, now, running = Life(), 0.0, False
    for event, gap in story:
        now += gap
        before = life
        life, commands = step(life, event, now)
        if Command.START in commands:
            assert not running
            assert life.phase is Phase.WAKING
            running = True
        if Command.STOP in commands:
            assert (before.phase, event) in ((Phase.DRAINING, Event.DRAINED), (Phase.FAILED, Event.IDLE))
            assert running or before.phase is Phase.FAILED
        if event is Event.KEPT:
            running = life.phase in (Phase.AWAKE, Phase.WAKING, Phase.DRAINING)
        if life.phase in (Phase.ASLEEP, Phase.FAILED):
            running = False
        assert (life.retry_at > 0) == (life.phase is Phase.FAILED)
        assert life is before or life.phase is not before.phase
