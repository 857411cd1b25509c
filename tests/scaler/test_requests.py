from scaler.requests import NOTHING, Requests


def test_each_replica_adds_up() -> None:
    assert Requests(250, 100).times(4) == Requests(1000, 400)
    assert Requests(250, 100).times(0) == NOTHING
