import pytest

from scaler.runtimes.kubernetes.api.cluster import Json
from scaler.runtimes.kubernetes.api.errors import Unreachable
from scaler.runtimes.kubernetes.api.one import One
from scaler.runtimes.kubernetes.api.watch import Key
from tests.scaler.runtimes.kubernetes.api.hand_server import thing


def test_it_is_told_as_it_is_now_or_that_there_is_none() -> None:
    told: list[Json | None] = []
    one = One("it", told.append)
    one.replaced([], [])
    one.replaced([thing("a")], [])
    one.changed(thing("a", 2))
    one.gone(Key("default", "a"))
    assert told == [None, thing("a"), thing("a", 2), None]


def test_the_same_trouble_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    one = One("who leads", lambda _: None)
    for words in ("refused", "refused", "late"):
        one.out_of_touch(0.0, Unreachable(words, sent=False))
    one.synced()
    one.out_of_touch(0.0, Unreachable("late", sent=False))
    assert [record.getMessage() for record in caplog.records] == [
        "who leads is not known: refused",
        "who leads is not known: late",
        "who leads is not known: late",
    ]
