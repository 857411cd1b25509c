from scaler.patience import CALLED_OFF_PAUSE, LONGEST_PAUSE, after_refusals


def test_the_pause_after_a_refused_stop_doubles_up_to_an_hour() -> None:
    assert [after_refusals(times) for times in (1, 2, 3)] == [CALLED_OFF_PAUSE * factor for factor in (1, 2, 4)]
    assert after_refusals(10_000) == LONGEST_PAUSE
