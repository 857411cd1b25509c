from scaler.probing.patience import Patience


def test_each_answer_that_does_not_come_is_given_twice_the_time_up_to_a_bound() -> None:
    patience = Patience(1.0, longest=3.0)
    patience.tried(1.0)
    assert patience.seconds == 2.0
    patience.tried(2.1)
    assert patience.seconds == 3.0


def test_a_bad_answer_that_came_quickly_changes_nothing() -> None:
    patience = Patience(1.0)
    patience.tried(0.1)
    assert patience.seconds == 1.0
