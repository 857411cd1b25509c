"""Apps with several addresses, with none for a moment, and several apps behind one route."""

import asyncio
import json

import pytest

from proxy.doorman import KNOCK_AGAIN
from proxy.visit import Gone, Visit
from tests.proxy.porch import Porch, browser, policy, program
from tests.proxy.test_doorman import answer, ask, forward
from torpor.words import Phase


@pytest.fixture
def porch() -> Porch:
    return Porch()


async def test_a_visit_that_one_address_refused_goes_to_the_others_at_once_and_then_waits(porch: Porch) -> None:
    several = tuple(("127.0.0.1", 4000 + number) for number in range(3))
    porch.app(Phase.AWAKE, addresses=several)
    ticket = forward(porch.doorman.glance(program()))
    been = [ticket.address]
    for _ in range(2):
        ticket = forward(await porch.doorman.again(program(), ticket, "refused", Gone()))
        been.append(ticket.address)
    assert sorted(been) == list(several)
    async with asyncio.TaskGroup() as group:
        held = group.create_task(porch.doorman.again(program(), ticket, "refused", Gone()))
        await porch.settle()
        assert not held.done()
        porch.app(Phase.AWAKE, addresses=(*several, ("127.0.0.1", 4003)))
    assert forward(held.result()).address.port == 4003
    porch.doorman.done(held.result())  # type: ignore[arg-type]
    assert porch.ledger.work("a").busy == 0


@pytest.mark.parametrize("visit", [browser(), program(), program(user_agent="Googlebot/2.1"), browser("/favicon.ico")])
async def test_an_awake_app_without_an_address_is_waited_for_by_all_and_knocked_at_by_nobody(
    porch: Porch, visit: Visit
) -> None:
    porch.app(Phase.AWAKE, addresses=())
    assert porch.doorman.glance(visit) is None
    async with asyncio.TaskGroup() as group:
        held = group.create_task(porch.doorman.admit(visit, Gone()))
        await porch.settle()
        assert porch.ledger.work("a").held == 1
        porch.time += 1
        porch.app(Phase.AWAKE)
    assert forward(held.result()).held == 1
    assert porch.sent == []


async def test_an_awake_app_that_gets_no_address_is_told_of_in_time(porch: Porch) -> None:
    porch.app(Phase.AWAKE, addresses=(), policy=policy(wake_timeout=5.0))
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(porch.doorman.admit(program(), Gone()))
        page = group.create_task(porch.doorman.admit(browser(), Gone()))
        await porch.settle()
        porch.time += 10
        porch.table.get("a").ring()  # type: ignore[union-attr]
    found = answer(asked.result())
    assert (found.status, dict(found.headers)["Torpor-Phase"]) == (503, "awake")
    assert b"had nowhere to take this visit" in found.body
    assert b'data-phase="waking"' in answer(page.result()).body
    assert json.loads((await ask(porch)).body)["phase"] == "waking"


async def test_a_visit_stays_with_the_app_that_was_chosen_for_it(porch: Porch) -> None:
    for name in ("a", "b"):
        porch.app(Phase.ASLEEP, id=name, routes=("a.localhost @1",))
    for _ in range(20):
        visit, porch.sent = program(), []
        assert porch.doorman.glance(visit) is None
        async with asyncio.TaskGroup() as group:
            held = group.create_task(porch.doorman.admit(visit, Gone()))
            await porch.settle()
            porch.time += KNOCK_AGAIN
            name = visit.chosen or ""
            porch.app(Phase.AWAKE, id=name, routes=("a.localhost @1",))
        assert forward(held.result()).app == name
        assert {knock.app for knock in porch.sent} <= {name}
        porch.doorman.done(held.result())  # type: ignore[arg-type]
        porch.app(Phase.ASLEEP, id=name, routes=("a.localhost @1",))


async def test_the_waiting_page_asks_for_the_app_that_it_is_about(porch: Porch) -> None:
    for name in ("a", "b"):
        porch.app(Phase.ASLEEP, id=name, routes=("a.localhost @1",), stage=f"stage of {name}")
    for name in ("a", "b") * 5:
        assert json.loads((await ask(porch, f"?app={name}")).body)["stage"] == f"stage of {name}"
