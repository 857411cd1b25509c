import asyncio

import pytest

from proxy.hold import Hold
from proxy.visit import Answer, Forward, Gone, Verdict
from tests.proxy.porch import HERE, Porch, program
from torpor.words import Phase, Visitor


@pytest.fixture
def porch() -> Porch:
    made = Porch()
    made.app(Phase.WAKING)
    return made


async def test_a_visit_gets_its_leave_in_the_breath_in_which_the_app_is_awake(porch: Porch) -> None:
    told: list[Verdict] = []
    porch.doorman.hold(program(), Gone(), told.append)
    assert told == []
    porch.app(Phase.AWAKE)
    porch.app(Phase.DRAINING)  # no turn of the loop between
    assert [verdict.address for verdict in told if isinstance(verdict, Forward)] == [HERE]
    assert porch.ledger.work("a").in_flight == 1


async def test_those_who_came_first_go_first(porch: Porch) -> None:
    told: list[str] = []
    for path in ("/1", "/2", "/3"):
        porch.doorman.hold(program(path), Gone(), lambda _, path=path: told.append(path))
    porch.app(Phase.AWAKE)
    assert told == ["/1", "/2", "/3"]


async def test_a_mistake_costs_one_visit_and_not_those_who_wait_with_it(
    porch: Porch, caplog: pytest.LogCaptureFixture
) -> None:
    known = porch.table.get("a")
    assert known is not None
    told: list[Verdict] = []
    looks = iter([9.0])
    wrong = Hold(lambda _: next(looks), told.append, program(), Visitor.PROGRAM, known, Gone(), began=0.0)
    wrong.look()
    porch.doorman.hold(program(), Gone(), told.append)
    porch.app(Phase.AWAKE)
    refused, forwarded = told
    assert isinstance(refused, Answer)
    assert refused.status == 500
    assert isinstance(forwarded, Forward)
    assert "no verdict" in caplog.text


async def test_one_that_is_given_up_is_told_nothing(porch: Porch) -> None:
    told: list[Verdict] = []
    hold = porch.doorman.hold(program(), Gone(), told.append)
    assert hold is not None
    hold.give_up()
    porch.app(Phase.AWAKE)
    assert told == []


@pytest.mark.parametrize("awake", [False, True])
async def test_an_engine_that_does_not_wait_any_longer_leaves_nothing_in_the_books(porch: Porch, awake: bool) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(porch.doorman.admit(program(), Gone()))
        await porch.settle()
        assert porch.ledger.work("a").held == 1
        if awake:
            porch.app(Phase.AWAKE)
        waiting.cancel()
    work = porch.ledger.work("a")
    assert (work.held, work.in_flight, work.busy) == (0, 0, 0)
