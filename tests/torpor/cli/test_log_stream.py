"""What has been told, and from when on there may be more."""

from typing import Any

import pytest

from tests.torpor.cli.fake_api import line
from torpor.cli import log_stream
from torpor.cli.api import Api
from torpor.cli.failure import Failed, Refused
from torpor.cli.log_stream import MOST_SOURCES, Seen, follow


def test_after_a_loss_what_is_repeated_of_each_container_is_not_new() -> None:
    seen = Seen()
    assert seen.new(line(5, "one", pod="a"))
    assert seen.new(line(4, "its clock was set back", pod="a"))
    seen.again()
    assert not seen.new(line(5, "one", pod="a"))
    assert seen.new(line(4, "another's", pod="b"))
    assert not seen.new(line(4, "its clock was set back", pod="a"))
    assert seen.new(line(4, "between", pod="a"))
    assert seen.new(line(6, "two", pod="a"))


def test_what_has_no_time_is_always_told() -> None:
    seen = Seen()
    for said in ({"at": "", "line": "x"}, {"lost": 3}, {"at": 7}):
        assert seen.new(said)
        assert seen.new(said)


def test_since_is_a_little_before_the_newest_line_or_the_time_there() -> None:
    seen = Seen()
    assert not seen.new({"now": "2026-01-02T03:04:00Z"})
    assert seen.since == "2026-01-02T03:04:00Z"
    seen.new(line(30, "x"))
    seen.new(line(20, "x", pod="another"))
    assert seen.since == "2026-01-02T03:04:20.000000Z"
    seen.new({"at": "what is that", "line": "x"})
    assert seen.since == "2026-01-02T03:04:00Z"


def test_containers_that_are_remembered_are_bounded() -> None:
    seen = Seen()
    for number in range(MOST_SOURCES + 1):
        seen.new(line(5, "x", pod=str(number)))
    seen.again()
    assert seen.new(line(5, "x", pod="0")), "the one that was silent for longest"
    assert not seen.new(line(5, "x", pod=str(MOST_SOURCES)))


class Broken(Api):
    """Tells what it was given and breaks then."""

    def __init__(self, *told: list[dict[str, Any]] | Failed) -> None:
        self.told = list(told)

    def lines(self, path: str) -> Any:
        now = self.told.pop(0)
        if isinstance(now, Failed):
            raise now
        yield from now


def test_it_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_stream, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(log_stream, "GIVE_UP", 0.0)
    told: list[str] = []
    api = Broken([{"now": "2026-01-02T03:04:00Z"}], Failed("nothing answers"), Failed("nothing answers"))
    with pytest.raises(Failed, match=r"has ended|nothing answers"):
        list(follow(api, "web", 1, told.append))
    assert told == ["the stream has ended; asking again"]


def test_what_does_not_begin_is_not_tried_again() -> None:
    for failure in (Failed("nothing answers"), Refused("no scaler leads", 503), Refused("no such app", 404)):
        with pytest.raises(Failed):
            list(follow(Broken(failure), "web", 1, lambda _: None))
