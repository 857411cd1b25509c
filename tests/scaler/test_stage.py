"""Stages of a wake: words for people, kinds for the metrics, and the time that each kind took."""

from scaler.stage import KINDS, NEEDS, OTHER, PROBING, Course, Stage


def test_a_stage_is_its_words() -> None:
    stage = Stage(PROBING, "waiting for port 4123")
    assert stage == "waiting for port 4123"
    assert stage.kind == PROBING
    assert len(set(KINDS)) == len(KINDS)


def test_the_time_of_a_wake_is_shared_out_among_its_stages() -> None:
    now = 100.0
    course = Course(lambda: now)
    course.at(Stage(NEEDS, "waiting for database"))
    now += 2
    course.at("words of somebody else")
    now += 1
    course.at(Stage(PROBING, "waiting for port 4123"))
    now += 3
    course.at(Stage(PROBING, "waiting for port 4123 (last answer 500)"))
    now += 4
    assert course.spent() == {NEEDS: 2, OTHER: 1, PROBING: 7}


def test_a_clock_that_stands_still_is_no_stage() -> None:
    course = Course(lambda: 1.0)
    course.at(Stage(NEEDS, "waiting for database"))
    assert course.spent() == {}
