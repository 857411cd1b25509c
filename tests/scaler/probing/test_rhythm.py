import contextlib

from scaler.probing.rhythm import ANSWERING, LATER, LONGEST, SHORTEST, Rhythm


def test_an_app_that_starts_alone_is_looked_at_often() -> None:
    rhythm = Rhythm()
    with rhythm.probed():
        assert rhythm.period(0.0, answers=False) == SHORTEST


def test_many_together_are_looked_at_no_more_often_than_one() -> None:
    rhythm = Rhythm()
    with contextlib.ExitStack() as starting:
        for _ in range(5):
            starting.enter_context(rhythm.probed())
        assert rhythm.period(0.0, answers=False) == 5 * SHORTEST
        for _ in range(1000):
            starting.enter_context(rhythm.probed())
        assert rhythm.period(0.0, answers=False) == LONGEST
    with rhythm.probed():
        assert rhythm.period(0.0, answers=False) == SHORTEST


def test_an_app_that_answers_is_not_asked_so_often() -> None:
    rhythm = Rhythm()
    with rhythm.probed():
        assert rhythm.period(0.0, answers=True) == ANSWERING


def test_an_app_that_has_taken_long_is_looked_at_seldom() -> None:
    rhythm = Rhythm()
    with rhythm.probed():
        assert rhythm.period(LATER + 1, answers=False) == LONGEST


def test_where_looks_go_over_a_network_there_is_a_least_pause() -> None:
    rhythm = Rhythm(least=0.02)
    with rhythm.probed():
        assert rhythm.period(0.0, answers=False) == 0.02


def test_a_great_crowd_shares_what_there_is() -> None:
    rhythm = Rhythm(share=0.001)
    with contextlib.ExitStack() as starting:
        for _ in range(200):
            starting.enter_context(rhythm.probed())
        assert rhythm.period(0.0, answers=False) == 0.2
        assert rhythm.period(LATER + 1, answers=True) == 0.2
