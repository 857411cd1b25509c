"""What the throughput bench makes of its samples."""

import pytest

from bench import throughput
from bench.loads.load import Load
from bench.outcome import Outcome
from bench.rounds import KEEP_ALIVE, KINDS, Sample, Samples
from bench.throughput import BARE, CADDY, CONTENDERS, DIRECT, FAST, HAPROXY, judge, rate_ratio, tell

RATES = {
    DIRECT.name: 50_000.0,
    HAPROXY.name: 20_000.0,
    FAST.name: 17_000.0,
    CADDY.name: 5_000.0,
    BARE.name: 500.0,
}


def sample(rate: float, around: float = 0.9) -> Sample:
    return Sample(Load(rate, p50=0.001, p99=0.01, requests=int(rate), failed=0), cpu=0.95, around=around)


@pytest.fixture
def samples() -> Samples:
    return {(kind.name, name): [sample(rate)] * 2 for kind in KINDS for name, rate in RATES.items()}


def outcome(samples: Samples) -> Outcome:
    made = Outcome(throughput.NAME, throughput.TITLE, "")
    tell(made, samples, CONTENDERS)
    judge(made, samples)
    return made


def test_the_ratio_is_that_of_the_rounds() -> None:
    made: Samples = {("a", "x"): [sample(90), sample(9)], ("a", "y"): [sample(100), sample(10)]}
    assert rate_ratio(made, "a", "x", "y") == 0.9
    assert rate_ratio(made, "a", "x", "z") is None


def test_who_was_not_measured_stands_in_the_table_all_the_same(samples: Samples) -> None:
    [table] = outcome(samples).tables
    assert ("keep-alive", "plain nginx", "SKIPPED", *[""] * 7) in table.rows
    assert len(table.rows) == len(KINDS) * len(CONTENDERS)


def test_goals_are_judged_where_both_sides_were_measured(samples: Samples) -> None:
    goals = {goal.what: goal for goal in outcome(samples).goals}
    assert goals["Torpor/haproxy against plain HAProxy, keep-alive"].value == 0.85
    assert round(goals["Torpor/haproxy against plain HAProxy by CPU, keep-alive"].value, 9) == 0.85
    assert goals["Torpor/haproxy against Caddy, keep-alive"].value == 3.4
    assert not any("mitmproxy against" in what for what in goals)
    assert all(goal.met for goal in goals.values())


def test_a_load_that_limits_the_quickest_proxy_is_told(samples: Samples) -> None:
    samples[KEEP_ALIVE.name, HAPROXY.name] = [sample(20_000, around=1.1)] * 2
    missed = [goal.what for goal in outcome(samples).goals if not goal.met]
    assert missed == ["CPU of the quickest (plain HAProxy) against that around it, keep-alive"]
