import asyncio

import pytest

from proxy.doorman import KNOCK_AGAIN, PROGRESS, RECONNECT
from proxy.visit import Answer, Forward, Gone, Verdict, Visit
from tests.proxy.porch import HERE, Porch, browser, policy, program
from torpor.link import Down, Knock
from torpor.words import Phase


@pytest.fixture
def porch() -> Porch:
    return Porch()


def answer(verdict: Verdict | None) -> Answer:
    assert isinstance(verdict, Answer)
    return verdict


def forward(verdict: Verdict | None) -> Forward:
    assert isinstance(verdict, Forward)
    return verdict


def test_an_awake_app_is_forwarded_at_once_and_counted_in_the_same_breath(porch: Porch) -> None:
    porch.app(Phase.AWAKE)
    ticket = forward(porch.doorman.glance(program()))
    assert ticket.address == HERE
    assert porch.ledger.work("a").in_flight == 1
    porch.doorman.done(ticket)
    porch.doorman.done(ticket)
    assert porch.ledger.work("a").in_flight == 0


def test_an_unknown_host_is_told_nothing_about_others(porch: Porch) -> None:
    porch.app(Phase.AWAKE)
    found = answer(porch.doorman.glance(program(host="other.localhost")))
    assert found.status == 404
    assert b"a.localhost" not in found.body


def test_crawlers_on_an_awake_app_are_served_without_counting(porch: Porch) -> None:
    porch.app(Phase.AWAKE)
    ticket = forward(porch.doorman.glance(program(user_agent="Googlebot/2.1")))
    work = porch.ledger.work("a")
    assert (work.in_flight, work.busy, work.idle_for) == (0, 1, None)
    porch.doorman.done(ticket)
    assert porch.ledger.work("a").busy == 0


def test_a_crawler_at_a_sleeping_app_wakes_nobody(porch: Porch) -> None:
    porch.app(Phase.ASLEEP)
    found = answer(porch.doorman.glance(program(user_agent="Googlebot/2.1")))
    assert (found.status, dict(found.headers)["Torpor-Phase"]) == (503, "asleep")
    assert porch.sent == []


def test_a_monitor_may_be_told_200(porch: Porch) -> None:
    porch.app(Phase.ASLEEP, policy=policy(monitor_status=200))
    assert answer(porch.doorman.glance(program(user_agent="kube-probe/1.31"))).status == 200
    assert answer(porch.doorman.glance(program("/favicon.ico"))).status == 503


async def test_a_held_visit_knocks_and_is_forwarded_when_the_app_is_awake(porch: Porch) -> None:
    porch.app(Phase.ASLEEP)
    visit = program("/x?token=secret", user_agent="curl\n8")
    assert porch.doorman.glance(visit) is None
    async with asyncio.TaskGroup() as group:
        held = group.create_task(porch.doorman.admit(visit, Gone()))
        await porch.settle()
        assert porch.ledger.work("a").held == 1
        porch.app(Phase.WAKING)
        await porch.settle()
        porch.time += 2
        porch.app(Phase.AWAKE)
    ticket = forward(held.result())
    assert ticket.held == 2
    assert porch.ledger.work("a").held == 0
    assert porch.ledger.work("a").in_flight == 1
    assert porch.sent == [Knock(app="a", method="GET", path="/x", user_agent="curl?8", client="192.0.2.1")]


async def test_many_held_visits_knock_once(porch: Porch) -> None:
    porch.app(Phase.ASLEEP)
    async with asyncio.TaskGroup() as group:
        held = [group.create_task(porch.doorman.admit(program(), Gone())) for _ in range(5)]
        await porch.settle()
        assert porch.knocks == 1
        porch.app(Phase.AWAKE)
    assert all(isinstance(task.result(), Forward) for task in held)


async def test_a_knock_that_changed_nothing_is_repeated(porch: Porch) -> None:
    porch.app(Phase.ASLEEP)
    gone = Gone()
    async with asyncio.TaskGroup() as group:
        group.create_task(porch.doorman.admit(program(), gone))
        await porch.settle()
        porch.time += KNOCK_AGAIN
        porch.table.get("a").ring()  # type: ignore[union-attr]
        await porch.settle()
        gone.set()
    assert porch.knocks == 2


async def test_more_than_may_be_held_are_refused_at_once(porch: Porch) -> None:
    porch.app(Phase.ASLEEP)
    gone = Gone()
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(porch.doorman.admit(program(), gone))
        await porch.settle()
        found = answer(porch.doorman.glance(program()))
        assert (found.status, "Retry-After" in dict(found.headers)) == (503, True)
        gone.set()
    assert porch.doorman.glance(program()) is None


async def test_the_bound_of_one_app_does_not_touch_another(porch: Porch) -> None:
    porch.app(Phase.ASLEEP, policy=policy(max_held=1))
    porch.app(Phase.ASLEEP, id="b", routes=("b.localhost",))
    gone = Gone()
    async with asyncio.TaskGroup() as group:
        group.create_task(porch.doorman.admit(program(), gone))
        await porch.settle()
        assert answer(porch.doorman.glance(program())).status == 503
        assert porch.doorman.glance(program(host="b.localhost")) is None
        gone.set()


async def test_a_client_that_leaves_ends_its_hold_and_not_the_wake(porch: Porch) -> None:
    porch.app(Phase.ASLEEP)
    gone = Gone()
    async with asyncio.TaskGroup() as group:
        held = group.create_task(porch.doorman.admit(program(), gone))
        await porch.settle()
        gone.set()
    assert isinstance(held.result(), Answer)
    work = porch.ledger.work("a")
    assert (work.held, work.busy) == (0, 0)
    assert porch.knocks == 1


async def test_a_wake_that_fails_tells_everyone_who_waits_the_reason(porch: Porch) -> None:
    porch.app(Phase.WAKING)
    async with asyncio.TaskGroup() as group:
        held = [group.create_task(porch.doorman.admit(visit, Gone())) for visit in (program(), browser())]
        await porch.settle()
        porch.app(Phase.FAILED, reason="command not found: nope", retry_in=1.0)
    for task in held:
        found = answer(task.result())
        assert found.status == 502
        assert b"command not found: nope" in found.body
        assert dict(found.headers)["Retry-After"] == "1"


def test_a_failed_app_answers_at_once_during_the_back_off_and_is_tried_again_after_it(porch: Porch) -> None:
    porch.app(Phase.FAILED, reason="broken", retry_in=2.0)
    assert answer(porch.doorman.glance(program())).status == 502
    assert porch.sent == []
    porch.time += 2
    assert porch.doorman.glance(program()) is None
    assert porch.knocks == 1


def test_a_page_that_is_always_wanted_knocks_as_well(porch: Porch) -> None:
    porch.app(Phase.ASLEEP, policy=policy(page="always"))
    found = answer(porch.doorman.glance(browser()))
    assert found.status == 503
    assert porch.knocks == 1
    assert porch.ledger.work("a").idle_for == 0


async def test_a_visit_during_a_drain_waits_and_calls_it_off(porch: Porch) -> None:
    porch.app(Phase.DRAINING)
    assert porch.doorman.glance(program()) is None
    assert porch.knocks == 1
    async with asyncio.TaskGroup() as group:
        held = group.create_task(porch.doorman.admit(program(), Gone()))
        await porch.settle()
        porch.app(Phase.AWAKE)
    assert isinstance(held.result(), Forward)


async def test_an_address_that_refuses_is_reported_and_tried_again_until_it_answers(porch: Porch) -> None:
    porch.app(Phase.AWAKE)
    first = forward(porch.doorman.glance(program()))
    async with asyncio.TaskGroup() as group:
        held = group.create_task(porch.doorman.again(program(), first, "refused", Gone()))
        await porch.settle()
        assert not held.done()
        porch.time += RECONNECT[0]
        porch.table.get("a").ring()  # type: ignore[union-attr]
    second = forward(held.result())
    assert not first.open
    assert porch.ledger.work("a").in_flight == 1
    assert isinstance(porch.sent[0], Down)
    porch.doorman.done(second)


async def test_an_app_that_fell_over_is_knocked_awake_by_the_visit_it_refused(porch: Porch) -> None:
    porch.app(Phase.AWAKE)
    first = forward(porch.doorman.glance(program()))
    async with asyncio.TaskGroup() as group:
        held = group.create_task(porch.doorman.again(program(), first, "refused", Gone()))
        await porch.settle()
        porch.app(Phase.ASLEEP)
        await porch.settle()
        assert porch.knocks == 1
        porch.time += 1
        porch.app(Phase.AWAKE, addresses=(("127.0.0.1", 4001),))
    assert forward(held.result()).address.port == 4001


@pytest.mark.parametrize(
    ("linked", "status", "words"), [(True, 502, b"Connection refused"), (False, 503, b"scaler, which could wake it")]
)
async def test_an_address_that_refuses_for_ever_ends_with_the_wake_timeout(
    porch: Porch, linked: bool, status: int, words: bytes
) -> None:
    porch.app(Phase.AWAKE, policy=policy(wake_timeout=1.0))
    porch.table.linked = linked
    ticket = forward(porch.doorman.glance(program()))
    porch.time += 5
    ticket.held = 5.0
    verdict: Verdict | None = None
    for _ in range(3):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(porch.doorman.again(program(), ticket, "Connection refused", Gone()))
            await porch.settle()
            porch.time += 1
            porch.table.get("a").ring()  # type: ignore[union-attr]
        verdict = task.result()
        if isinstance(verdict, Answer):
            break
        ticket = forward(verdict)
    assert answer(verdict).status == status
    assert words in answer(verdict).body


async def test_an_app_that_is_removed_while_visits_wait_answers_as_unknown(porch: Porch) -> None:
    porch.app(Phase.WAKING)
    async with asyncio.TaskGroup() as group:
        held = group.create_task(porch.doorman.admit(program(), Gone()))
        await porch.settle()
        porch.table.remove("a")
    assert answer(held.result()).status == 404


async def test_without_a_link_held_visits_wait_for_it(porch: Porch) -> None:
    porch.app(Phase.ASLEEP)
    porch.table.link_is(False)
    async with asyncio.TaskGroup() as group:
        held = group.create_task(porch.doorman.admit(program(), Gone()))
        await porch.settle()
        porch.table.link_is(True)
        await porch.settle()
        porch.app(Phase.AWAKE)
    assert isinstance(held.result(), Forward)
    assert porch.knocks >= 1


async def ask(porch: Porch, query: str = "") -> Answer:
    visit = Visit("a.localhost", "GET", PROGRESS + query, "192.0.2.1", "x", "*/*")
    assert porch.doorman.glance(visit) is None
    return answer(await porch.doorman.admit(visit, Gone()))


async def test_the_waiting_pages_question_neither_wakes_nor_counts(porch: Porch) -> None:
    porch.app(Phase.ASLEEP)
    found = await ask(porch)
    assert b'"asleep"' in found.body
    assert porch.sent == []
    assert porch.ledger.work("a").idle_for is None


async def test_the_question_waits_for_news_since_what_was_seen(porch: Porch) -> None:
    porch.app(Phase.WAKING, stage="starting")
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(ask(porch, f"?seen={porch.epoch}"))
        await porch.settle()
        assert not asked.done()
        porch.app(Phase.WAKING, stage="probing")
    assert b"probing" in asked.result().body


async def test_the_question_finds_an_app_that_has_only_a_path(porch: Porch) -> None:
    porch.app(Phase.WAKING, routes=("a.localhost/docs",))
    assert (await ask(porch, "?at=/docs/page")).status == 200
    assert (await ask(porch)).status == 404


def test_several_addresses_take_turns(porch: Porch) -> None:
    porch.app(Phase.AWAKE, addresses=(("127.0.0.1", 1), ("127.0.0.1", 2)))
    ports = [forward(porch.doorman.glance(program())).address.port for _ in range(4)]
    assert sorted(ports) == [1, 1, 2, 2]


async def test_every_visit_is_counted_once_by_how_it_ended(porch: Porch) -> None:
    porch.app(Phase.AWAKE)
    porch.doorman.done(forward(porch.doorman.glance(program())))
    broken = forward(porch.doorman.glance(program()))
    porch.doorman.broken(program(), broken, "it closed the connection")
    porch.doorman.done(broken)
    refused = forward(porch.doorman.glance(program()))
    async with asyncio.TaskGroup() as group:
        held = group.create_task(porch.doorman.again(program(), refused, "refused", Gone()))
        await porch.settle()
        porch.time += RECONNECT[0]
        porch.table.get("a").ring()  # type: ignore[union-attr]
    porch.doorman.done(forward(held.result()))
    counts = porch.ledger.report().counts["a"].requests
    assert counts == {"fast forwarded": 1, "fast failed": 1, "held forwarded": 1}
