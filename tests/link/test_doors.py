"""An app with two doors over real links: whatever becomes of its sleeps, nobody is sent to what is not there."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest

from proxy.visit import Answer, Forward, Gone
from scaler.app import AppSpec
from scaler.errors import SleepRefused
from scaler.runtime import StopRefused
from tests.link.house import Both, both_ends, until
from tests.proxy.porch import program
from torpor.words import Address, Phase

DOORS = {"": ("a.localhost",), "8080": ("b.localhost",)}
THERE = {"": (Address("127.0.0.1", 4000),), "8080": (Address("127.0.0.1", 8080),)}
MOVED = {"": (Address("127.0.0.2", 4000),), "8080": (Address("127.0.0.2", 8080),)}


@pytest.fixture
async def both() -> AsyncIterator[Both]:
    async with both_ends() as ends:
        ends.runtime.addresses = THERE
        ends.scaler.put(AppSpec("a", DOORS))
        yield ends


async def test_a_visit_is_sent_to_the_port_of_the_door_it_came_to(both: Both) -> None:
    end = await both.proxy()
    for host, door in (("a.localhost", ""), ("b.localhost", "8080")):
        verdict = await end.doorman.admit(program(host=host), Gone())
        assert isinstance(verdict, Forward)
        assert verdict.address == THERE[door][0]
        end.doorman.done(verdict)


async def test_a_visit_waits_where_nothing_answers_until_something_does(both: Both) -> None:
    end = await both.proxy()
    end.doorman.done(await forwarded(end.doorman.admit(program(), Gone())))
    both.scaler.addressed("a", {"8080": THERE["8080"]})
    await until(lambda: not end.table.get("a").view.addresses)
    end.doorman.done(await forwarded(end.doorman.admit(program(host="b.localhost"), Gone())))
    waiting = asyncio.get_running_loop().create_task(forwarded(end.doorman.admit(program(), Gone())))
    await until(lambda: both.scaler.status("a").held == 1)
    assert both.phase("a") is Phase.AWAKE
    both.scaler.addressed("a", MOVED)
    forward = await waiting
    assert forward.address == MOVED[""][0]
    end.doorman.done(forward)
    assert both.runtime.log == ["start a"]


async def test_whatever_becomes_of_its_sleeps_nobody_is_sent_to_an_app_that_is_not_there(both: Both) -> None:
    """Stops are refused now and then, pods move, somebody scales by hand: promises 1 and 2 hold all the same."""
    ends = [await both.proxy("p1"), await both.proxy("p2")]
    dice, visits, wrong = random.Random(11), 0, []
    stop = asyncio.Event()

    async def visitor(number: int) -> None:
        nonlocal visits
        doorman = ends[number % 2].doorman
        while not stop.is_set():
            visit = replace(program(), host=("a.localhost", "b.localhost")[number // 2 % 2])
            verdict = doorman.glance(visit) or await doorman.admit(visit, Gone())
            if isinstance(verdict, Answer):
                wrong.append(verdict.status)
                return
            for _ in range(dice.randrange(3)):
                if "a" not in both.runtime.running:
                    wrong.append(verdict)
                await asyncio.sleep(dice.random() * 0.002)
            doorman.done(verdict)
            visits += 1
            await asyncio.sleep(dice.random() * 0.4)

    async def meddler() -> None:
        while not stop.is_set():
            await asyncio.sleep(dice.random() * 0.1)
            both.scaler.addressed("a", dice.choice([THERE, THERE, MOVED, {}, {"": THERE[""]}]))
            if dice.random() < 0.2:
                both.scaler.scaled("a", up=True, reason="by hand")
            if dice.random() < 0.3:
                both.runtime.refusing["a"] = StopRefused("it has changed")
            else:
                both.runtime.refusing.pop("a", None)
        both.runtime.refusing.pop("a", None)
        both.scaler.addressed("a", THERE)

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(visitor(number))
        group.create_task(meddler())
        while (slept := both.runtime.log.count("stop a")) < 15 or "refuse a" not in both.runtime.log:
            with suppress(SleepRefused):
                await both.scaler.sleep("a")
            await asyncio.sleep(dice.random() * 0.01)
        stop.set()
    assert wrong == []
    assert visits > slept


async def forwarded(verdict: object) -> Forward:
    found = await verdict  # type: ignore[misc]
    assert isinstance(found, Forward)
    return found
