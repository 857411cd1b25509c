import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest

from proxy.visit import Answer, Forward, Gone
from scaler.errors import SleepRefused
from tests.link.house import TOKEN, Both, both_ends, until
from tests.proxy.porch import program
from torpor import link
from torpor.words import Cause, Phase


@pytest.fixture
async def both() -> AsyncIterator[Both]:
    async with both_ends() as ends:
        yield ends


async def test_a_knock_travels_up_and_the_address_comes_down(both: Both) -> None:
    both.add("a")
    proxy = await both.proxy()
    verdict = await proxy.doorman.admit(program(), Gone())
    assert isinstance(verdict, Forward)
    assert both.phase("a") is Phase.AWAKE
    assert both.scaler.status("a").cause == "GET / from 192.0.2.1 (curl/8.0)"
    proxy.doorman.done(verdict)


async def test_activity_is_reported_within_a_heartbeat_or_two(both: Both) -> None:
    both.add("a")
    proxy = await both.proxy()
    verdict = await proxy.doorman.admit(program(), Gone())
    assert isinstance(verdict, Forward)
    await until(lambda: both.scaler.status("a").in_flight == 1)
    proxy.doorman.done(verdict)
    await until(lambda: both.scaler.status("a").in_flight == 0)


async def test_an_app_put_to_sleep_has_been_acknowledged_by_every_proxy(both: Both) -> None:
    both.add("a")
    first, second = await both.proxy("p1"), await both.proxy("p2")
    await both.scaler.wake("a", Cause("operator"))
    status = await both.scaler.sleep("a")
    assert status.phase is Phase.ASLEEP
    await until(lambda: all(end.table.get("a").view.phase is Phase.ASLEEP for end in (first, second)))


async def test_a_visit_in_flight_refuses_the_sleep(both: Both) -> None:
    both.add("a")
    proxy = await both.proxy()
    verdict = await proxy.doorman.admit(program(), Gone())
    assert isinstance(verdict, Forward)
    with pytest.raises(SleepRefused, match="1 in flight"):
        await both.scaler.sleep("a")
    proxy.doorman.done(verdict)
    assert (await both.scaler.sleep("a")).phase is Phase.ASLEEP


async def test_no_visit_is_ever_forwarded_to_an_app_that_is_not_there(both: Both) -> None:
    """Two proxies full of visits, while somebody keeps putting the app to sleep. The heart of promises 1 and 2."""
    both.add("a")
    ends = [await both.proxy("p1"), await both.proxy("p2")]
    dice, visits, wrong = random.Random(7), 0, []
    stop = asyncio.Event()

    async def visitor(end_number: int) -> None:
        nonlocal visits
        doorman = ends[end_number % 2].doorman
        while not stop.is_set():
            visit = program()
            verdict = doorman.glance(visit) or await doorman.admit(visit, Gone())
            if isinstance(verdict, Answer):
                wrong.append(verdict.status)
                return
            for _ in range(dice.randrange(3)):
                if "a" not in both.runtime.running:
                    wrong.append(verdict)
                await asyncio.sleep(dice.random() * 0.002)
            if "a" not in both.runtime.running:
                wrong.append(verdict)
            doorman.done(verdict)
            visits += 1
            await asyncio.sleep(dice.random() * 0.03)

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(visitor(number))
        while (slept := both.runtime.log.count("stop a")) < 60:
            with suppress(SleepRefused):
                await both.scaler.sleep("a")
            await asyncio.sleep(dice.random() * 0.01)
        stop.set()
    assert wrong == []
    assert visits > slept


async def test_a_proxy_that_says_goodbye_is_forgotten_at_once(both: Both) -> None:
    proxy = await both.proxy()
    assert len(both.scaler.proxies.live()) == 1
    await proxy.close()
    await until(lambda: not both.scaler.proxies.live())
    assert both.scaler.proxies.out_of_reach() == []


async def test_a_proxy_says_for_how_long_its_engine_may_go_on_without_it(both: Both) -> None:
    end = both.start_proxy("p", alone=65.0)
    await until(lambda: both.scaler.proxies.live())
    assert both.scaler.proxies.live()[0].alone == 65.0
    await end.close()


@pytest.mark.parametrize("word", ["nonsense", '{"kind":"bye"}', '{"kind":"snapshot","apps":[]}'])
async def test_who_does_not_say_hello_first_is_shown_out_and_others_are_not_touched(both: Both, word: str) -> None:
    proxy = await both.proxy()
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(both.url + link.PATH, headers={"Authorization": f"Bearer {TOKEN}"})
        await socket.send_str(word)
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    assert proxy.table.linked
    assert len(both.scaler.proxies.live()) == 1


@pytest.mark.parametrize("token", ["", "wrong", "a token of the testz", "ä"])
async def test_without_the_token_there_is_no_link(both: Both, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(both.url + link.PATH, headers=headers)
    assert caught.value.status == 401


async def test_a_proxy_with_the_wrong_token_says_what_to_check(both: Both) -> None:
    end = both.start_proxy("p", token="wrong")
    await until(lambda: end.client.refused is not None)
    assert "TORPOR_LINK_TOKEN" in (end.client.refused or "")


async def test_apps_come_change_and_go_without_a_new_link(both: Both) -> None:
    proxy = await both.proxy()
    both.add("a")
    await until(lambda: proxy.table.find("a.localhost", "/") is not None)
    both.scaler.remove("a", grace=0)
    await until(lambda: proxy.table.find("a.localhost", "/") is None)


async def test_a_route_that_moves_leads_somewhere_at_every_moment(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    both.add("loser", hosts=("moves.localhost",))
    both.add("taker", hosts=())
    both.add("gone", hosts=("moves-too.localhost",))
    table = (await both.proxy()).table
    led: list[str | None] = []

    def look() -> None:
        led.extend((at := table.find(host, "/")) and at.view.id for host in ("moves.localhost", "moves-too.localhost"))

    change, remove = table.change, table.remove
    monkeypatch.setattr(table, "change", lambda view: (change(view), look()))
    monkeypatch.setattr(table, "remove", lambda app: (remove(app), look()))
    both.add("loser", idle=30.0, hosts=("moves.localhost",))
    both.add("loser", idle=30.0, hosts=())
    both.scaler.remove("gone", grace=None)
    both.add("taker", hosts=("moves.localhost", "moves-too.localhost"))
    await until(lambda: led[-2:] == ["taker", "taker"])
    assert None not in led


async def test_ten_thousand_apps_arrive_in_one_snapshot(both: Both) -> None:
    for number in range(10_000):
        both.add(f"a{number}")
    proxy = await both.proxy()
    assert len(proxy.table) == 10_000


async def test_a_link_that_goes_silent_is_given_up_and_made_again(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "SILENCE", 0.2)
    monkeypatch.setattr(link, "HEARTBEAT", 30.0)
    proxy = await both.proxy()
    await until(lambda: not proxy.table.linked)
    monkeypatch.setattr(link, "HEARTBEAT", 0.05)
    await until(lambda: proxy.table.linked)
