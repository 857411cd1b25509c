from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scaler.requests import NOTHING, Requests
from scaler.runtimes.kubernetes.headroom.room import TOO_MUCH, Room, Sleeper, decide

MOST = Room(3, Requests(2000, 4096))


def sleeper(cpu: int = 100, memory: int = 64, pods: int = 1) -> Sleeper:
    return Sleeper(Requests(cpu, memory), pods)


def test_a_placeholder_is_as_large_as_the_largest_in_cpu_and_in_memory() -> None:
    room = decide([sleeper(500, 64), sleeper(100, 1024), sleeper()], MOST, None)
    assert room == Room(3, Requests(500, 1024))


def test_there_are_never_more_than_pods_that_could_come() -> None:
    assert decide([sleeper()], MOST, None).pods == 1
    assert decide([sleeper(pods=2)], MOST, None).pods == 2
    assert decide([sleeper(pods=9)], MOST, None).pods == 3


def test_nobody_asleep_or_nobody_who_asks_for_anything_is_no_placeholder() -> None:
    assert decide([], MOST, None) == Room(0, NOTHING)
    assert decide([sleeper(0, 0)], MOST, None) == Room(0, NOTHING)
    assert decide([sleeper(0, 0), sleeper()], MOST, None).pods == 1


def test_none_is_larger_than_the_settings_allow() -> None:
    assert decide([sleeper(9000, 9000)], MOST, None).each == MOST.each
    assert decide([sleeper()], Room(3, NOTHING), None) == Room(0, NOTHING)


def test_too_little_grows_at_once_and_a_little_too_much_is_kept() -> None:
    held = Room(1, Requests(500, 512))
    assert decide([sleeper(501, 512)], MOST, held).each == Requests(501, 512)
    assert decide([sleeper(250, 256)], MOST, held).each == held.each
    assert decide([sleeper(249, 512)], MOST, held).each == Requests(249, 512)


def test_the_size_is_kept_while_there_are_none() -> None:
    assert decide([], MOST, Room(1, Requests(500, 512))) == Room(0, Requests(500, 512))


def test_settings_that_allow_less_make_it_smaller() -> None:
    less = Room(1, Requests(400, 4096))
    assert decide([sleeper(500, 512)], less, Room(1, Requests(500, 512))).each == Requests(400, 512)


SLEEPERS = st.lists(
    st.builds(Sleeper, st.builds(Requests, st.integers(0, 5000), st.integers(0, 9000)), st.integers(1, 5)), max_size=6
)


@given(st.lists(SLEEPERS, min_size=1, max_size=8))
def test_it_is_always_enough_and_bounded_and_does_not_move_by_itself(turns: list[list[Sleeper]]) -> None:
    held: Room | None = None
    for sleepers in turns:
        held = decide(sleepers, MOST, held)
        assert held.pods <= MOST.pods
        for sleeper in sleepers if held.pods else ():
            for each, asked, most in zip(held.each, sleeper.requests, MOST.each, strict=True):
                assert min(asked, most) <= each <= most
        assert decide(sleepers, MOST, held) == held


@given(st.lists(st.integers(60, 100), min_size=2, max_size=20))
def test_sizes_within_the_bounds_of_what_is_kept_only_ever_grow(sizes: list[int]) -> None:
    assert max(sizes) <= TOO_MUCH * min(sizes)
    held: Room | None = None
    told = []
    for size in sizes:
        held = decide([sleeper(size, 0)], MOST, held)
        told.append(held.each.cpu)
    assert all(before <= after for before, after in pairwise(told))
