"""A set that nobody uses is deleted when its time is up, and people are told."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from scaler.applier import expiring
from scaler.applier.expiring import Expiring
from scaler.applier.members import Member
from scaler.applier.sets import SetId
from scaler.runtimes.kubernetes.api import kinds
from tests.scaler.applier.conftest import CONFIG_MAPS, applying, config_map
from tests.scaler.runtimes.kubernetes.realm import APP, town
from torpor.words import Phase

SOON = "{torpor.dev/expires-in: 2s}"
WEB = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {torpor.dev/expires-in: 2s}
spec: {replicas: 1}
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiring, "HASTE", 0.02)
    monkeypatch.setattr(expiring, "HASTE_LATE", 0.02)


async def test_a_set_without_apps_goes_when_its_time_is_up(tmp_path: Path) -> None:
    async with applying(tmp_path) as house:
        await house.apply(f"{config_map('one', SOON)}---\n{config_map('two')}")
        assert house.has(CONFIG_MAPS, "two")
        await house.realm.until(lambda: not house.has(CONFIG_MAPS, "one") and not house.has(CONFIG_MAPS, "two"))
        await house.realm.until(lambda: "SetExpired" in dict(house.realm.events()))
        assert "has not been used until" in dict(house.realm.events())["SetExpired"]
        assert "unless it is used or applied before" in dict(house.realm.events())["SetExpires"]


async def test_a_sleeping_app_goes_and_is_told_of_before(tmp_path: Path) -> None:
    async with applying(tmp_path, town(replicas=0, remembered="2", phase="asleep")) as house:
        await house.apply(WEB)
        house.realm.scaler.apps[APP].last_access = house.realm.scaler.clock.now() + 0.5
        await house.realm.until(lambda: house.realm.scaler.status(APP).expires_at)
        told: list[str] = []
        with house.realm.scaler.bus.listen(activity=False) as news:
            await house.realm.until(lambda: not house.has(kinds.DEPLOYMENTS, "web"))
            told += [event.text for event in await news.take()]
        assert any("the set shop/pr-1 has not been used until" in text for text in told)
        assert sum("unless it is used or applied before" in text for text in told) == 1


async def test_a_visit_in_the_middle_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with applying(tmp_path, town(replicas=0, remembered="2", phase="asleep")) as house:
        tell = Expiring._tell

        def visited(self: Expiring, which: SetId, here: Sequence[Member], reason: str, text: str) -> None:
            tell(self, which, here, reason, text)
            if reason == "SetExpired":
                house.realm.knock()

        monkeypatch.setattr(Expiring, "_tell", visited)
        await house.apply(f"{WEB}---\n{config_map('one')}")
        await house.realm.until(lambda: "SetExpired" in dict(house.realm.events()))
        await house.realm.until(house.realm.counts)
        assert not [path for method, path in house.server.asked if method == "DELETE"]
        assert house.has(kinds.DEPLOYMENTS, "web")
        assert house.has(CONFIG_MAPS, "one")


async def test_while_an_app_is_used_after_its_end_nothing_is_asked_and_when_it_sleeps_it_goes(tmp_path: Path) -> None:
    async with applying(tmp_path, town(replicas=1, idle_timeout="1h")) as house:
        await house.apply(WEB)
        await house.realm.until(lambda: "SetExpires" in dict(house.realm.events()))
        await house.realm.until(lambda: house.applier.sets()[0].expires_at < time.time())
        await asyncio.sleep(0.1)
        asked = house.server.asked.count(("GET", CONFIG_MAPS.path("shop")))
        await asyncio.sleep(0.3)
        assert house.server.asked.count(("GET", CONFIG_MAPS.path("shop"))) == asked
        assert house.has(kinds.DEPLOYMENTS, "web")
        await house.realm.scaler.sleep(APP)
        await house.realm.until(lambda: not house.has(kinds.DEPLOYMENTS, "web"))


async def test_an_app_that_is_awake_stays_and_so_does_one_whose_mark_is_gone(tmp_path: Path) -> None:
    async with applying(tmp_path, town(replicas=1, idle_timeout="1h")) as house:
        await house.apply(WEB)
        await house.apply(config_map("one"), set="pr-2")
        await house.apply(config_map("gone", SOON), set="pr-3")
        await house.realm.until(lambda: not house.has(CONFIG_MAPS, "gone"))
        await asyncio.sleep(0.2)
        assert house.realm.phase() is Phase.AWAKE
        assert house.has(kinds.DEPLOYMENTS, "web")
        assert house.has(CONFIG_MAPS, "one")
