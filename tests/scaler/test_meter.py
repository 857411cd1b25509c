from hypothesis import given
from hypothesis import strategies as st

from scaler.meter import Meter
from scaler.requests import Requests
from scaler.saved import Saved

ONE = Requests(1000, 10)
TWO = Requests(2000, 20)


def test_it_counts_only_while_it_runs() -> None:
    meter = Meter()
    assert meter.read(50) == Saved()
    meter.run(ONE, 100)
    assert meter.running
    assert meter.read(160) == Saved(60, 60, 600)
    meter.halt(170)
    assert not meter.running
    assert meter.read(500) == Saved(70, 70, 700)
    meter.run(ONE, 1000)
    assert meter.read(1001) == Saved(71, 71, 710)


def test_a_new_rate_counts_from_now_on() -> None:
    meter = Meter()
    meter.run(ONE, 0)
    meter.run(TWO, 10)
    assert meter.read(15) == Saved(15, 20, 200)


def test_running_on_and_standing_still_change_nothing() -> None:
    meter = Meter()
    meter.halt(5)
    meter.run(ONE, 10)
    meter.run(ONE, 20)
    meter.halt(30)
    meter.halt(40)
    assert meter.read(40) == Saved(20, 20, 200)
    assert meter.runs == 1


@given(st.lists(st.tuples(st.sampled_from(["run one", "run two", "halt"]), st.floats(0, 1e6)), max_size=30))
def test_what_it_shows_never_falls(steps: list[tuple[str, float]]) -> None:
    meter, now, before = Meter(), 0.0, Saved()
    for what, seconds in steps:
        now += seconds
        if what == "halt":
            meter.halt(now)
        else:
            meter.run(ONE if what == "run one" else TWO, now)
        seen = meter.read(now)
        assert (seen.seconds, seen.cpu, seen.memory) >= (before.seconds, before.cpu, before.memory)
        before = seen
