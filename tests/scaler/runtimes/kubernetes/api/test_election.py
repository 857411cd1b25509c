"""Nobody ever leads while somebody else does: the rules one by one, and all of them in cases nobody thought of."""

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.api.election import Record, Sight, Step, Timing, candidate, leader, sighted

TIMING = Timing()


def record(holder: str, version: int = 1, duration: float = 6.0) -> Record:
    return Record(str(version), holder, duration, 0)


def test_a_candidate_that_has_seen_nothing_waits_until_it_does() -> None:
    assert candidate(None, "me", 100.0) == (Step.WAIT, None)


def test_where_there_is_no_lease_one_is_made() -> None:
    assert candidate(sighted(None, None, 100.0), "me", 100.0) == (Step.CREATE, None)


def test_a_lease_that_was_let_go_of_is_taken_at_once() -> None:
    assert candidate(sighted(None, record(""), 100.0), "me", 100.0) == (Step.TAKE, None)


def test_a_lease_that_is_held_is_taken_when_its_time_has_passed_since_it_was_seen() -> None:
    sight = sighted(None, record("other"), 100.0)
    assert candidate(sight, "me", 105.9) == (Step.WAIT, 106.0)
    assert candidate(sight, "me", 106.0) == (Step.TAKE, None)


def test_seeing_the_same_write_again_is_no_sign_of_life_and_a_new_one_is() -> None:
    sight = sighted(None, record("other", 1), 100.0)
    assert sighted(sight, record("other", 1), 105.0) is sight
    assert sighted(sight, record("other", 2), 105.0).free_at == 111.0


def test_a_lease_that_is_deleted_while_held_is_waited_for_as_if_it_were_still_there() -> None:
    sight = sighted(sighted(None, record("other"), 100.0), None, 101.0)
    assert candidate(sight, "me", 101.0) == (Step.WAIT, 106.0)
    assert candidate(sight, "me", 106.0) == (Step.CREATE, None)


def test_what_is_ours_already_is_taken_at_once() -> None:
    assert candidate(sighted(None, record("me"), 100.0), "me", 100.0) == (Step.TAKE, None)


def rule(sight: Sight | None, now: float, sure_since: float = 100.0, tried_at: float = 100.0) -> object:
    return leader(sight, "me", sure_since=sure_since, tried_at=tried_at, timing=TIMING, now=now)


def test_the_leader_renews_in_good_time_and_tries_again_when_that_fails() -> None:
    ours = sighted(None, record("me"), 100.0)
    assert rule(ours, 101.0) == (Step.WAIT, 102.0)
    assert rule(ours, 102.0) == (Step.RENEW, None)
    assert rule(ours, 103.0, tried_at=102.9) == (Step.WAIT, 103.4)
    assert rule(ours, 103.4, tried_at=102.9) == (Step.RENEW, None)
    assert rule(ours, 104.3, tried_at=104.2) == (Step.WAIT, 104.5)


def test_the_leader_stops_before_anybody_else_may_begin() -> None:
    ours = sighted(None, record("me"), 100.0)
    assert rule(ours, 104.5) == (Step.STOP, None)
    assert TIMING.give_up < TIMING.duration


@pytest.mark.parametrize("seen", [record("other"), record(""), None])
def test_the_leader_stops_when_the_lease_is_not_its_own_any_more(seen: Record | None) -> None:
    assert rule(sighted(None, seen, 100.0), 101.0) == (Step.STOP, None)


@pytest.mark.parametrize("timing", [{"give_up": 6.0}, {"renew": 5.0}, {"retry": 3.0}, {"duration": 61}])
def test_times_that_cannot_keep_the_promise_are_refused(timing: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="give_up < duration"):
        Timing(**timing)  # type: ignore[arg-type]


@dataclass
class Somebody:
    """A candidate with a clock of its own, that hears when the case says so and otherwise not."""

    name: str
    ahead: float
    sight: Sight | None = None
    sure_since: float | None = None
    tried_at: float = 0.0


@dataclass
class World:
    """The Lease, and those who want it."""

    people: list[Somebody]
    now: float = 0.0
    lease: Record | None = None
    versions: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def look(self, who: Somebody) -> None:
        who.sight = sighted(who.sight, self.lease, self.now + who.ahead)

    def act(self, who: Somebody, answered: bool) -> None:
        clock = self.now + who.ahead
        if who.sure_since is not None:
            step, _ = leader(
                who.sight, who.name, sure_since=who.sure_since, tried_at=who.tried_at, timing=TIMING, now=clock
            )
            if step is Step.STOP:
                who.sure_since = None
                return
        else:
            step, _ = candidate(who.sight, who.name, clock)
        if step is Step.WAIT:
            return
        assert who.sight is not None
        who.tried_at = clock
        if who.sight.record == self.lease:  # the precondition
            self.lease = Record(str(next(self.versions)), who.name, float(TIMING.duration), 0)
            if answered:
                who.sight, who.sure_since = sighted(who.sight, self.lease, clock), clock

    def leading(self) -> list[str]:
        """Those who would say that it is certain."""
        return [
            who.name
            for who in self.people
            if who.sure_since is not None and self.now + who.ahead < who.sure_since + TIMING.give_up
        ]


moves = st.tuples(
    st.sampled_from([0.0, 0.25, 0.5, 2.0, 4.0]),
    st.integers(0, 1),
    st.sampled_from(["look", "act", "act", "look and act", "look and act", "unanswered", "touch"]),
)


@settings(max_examples=300)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2), st.lists(moves, min_size=10, max_size=100))
def test_never_two_lead_whatever_their_clocks_say_and_whatever_is_not_heard(
    ahead: list[float], case: list[tuple[float, int, str]]
) -> None:
    world = World([Somebody(name, round(by)) for name, by in zip("ab", ahead, strict=True)])
    for pause, number, move in case:
        world.now += pause
        who = world.people[number]
        if move.startswith("look"):
            world.look(who)
        if move.endswith("act") or move == "unanswered":
            world.act(who, answered=move != "unanswered")
        if move == "touch" and world.lease is not None:  # somebody annotates it
            world.lease = Record(str(next(world.versions)), world.lease.holder, world.lease.duration, 0)
        assert len(world.leading()) <= 1
