from dataclasses import dataclass

import pytest

from scaler.requests import NOTHING, Requests
from scaler.runtimes.kubernetes.headroom.placeholders import Held
from scaler.runtimes.kubernetes.headroom.room import Room
from scaler.runtimes.kubernetes.headroom.step import LONGEST_PAUSE, QUIET, Row, Step, Wrote, step

ONE = Room(1, Requests(100, 64))
NONE = Room(0, NOTHING)
WROTE = Wrote("u1", 4, ONE)


def held(uid: str = "u1", generation: int = 4, *, ours: bool = True, leaving: bool = False) -> Held:
    return Held(uid, generation, ONE, ours, leaving, ())


@dataclass(frozen=True)
class Case:
    wrote: Wrote | None
    there: Held | None
    wanted: Room
    step: Step


CASES = {
    "nothing is there and nothing is wanted": Case(None, None, NONE, Step.REST),
    "nothing is there, and something is wanted": Case(None, None, ONE, Step.WRITE),
    "a new reign writes what it finds once": Case(None, held(), ONE, Step.WRITE),
    "it is as it was written": Case(WROTE, held(), ONE, Step.REST),
    "what is seen is older than the write": Case(WROTE, held(generation=3), ONE, Step.REST),
    "something else is wanted": Case(WROTE, held(), Room(2, ONE.each), Step.WRITE),
    "somebody has changed it": Case(WROTE, held(generation=5), ONE, Step.MEND),
    "somebody has changed it, and something else is wanted": Case(WROTE, held(generation=5), NONE, Step.MEND),
    "somebody has put another in its place": Case(WROTE, held("u2", 1), ONE, Step.MEND),
    "somebody has deleted it": Case(WROTE, None, ONE, Step.MEND),
    "somebody has deleted it, and nothing is wanted": Case(WROTE, None, NONE, Step.REST),
    "it is being deleted": Case(WROTE, held(generation=5, leaving=True), ONE, Step.REST),
    "it is not ours": Case(WROTE, held(generation=5, ours=False), ONE, Step.LEAVE),
    "it has never been ours": Case(None, held(ours=False), ONE, Step.LEAVE),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_what_is_done(case: Case) -> None:
    assert step(case.wrote, case.there, case.wanted) is case.step


def test_who_changes_it_again_and_again_is_answered_later_each_time() -> None:
    row, pauses = Row(), []
    for now in range(12):
        row = row.once_more(float(now))
        pauses.append(row.pause)
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-1] == LONGEST_PAUSE
    assert row.once_more(row.at + QUIET).pause == 1.0
