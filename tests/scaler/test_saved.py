from scaler.requests import Requests
from scaler.saved import Saved


def test_what_is_saved_is_time_times_what_is_asked_for() -> None:
    assert Saved.over(60, Requests(500, 1024)) == Saved(60, 30, 61440)
    assert Saved(1, 2, 3) + Saved(10, 20, 30) == Saved(11, 22, 33)
