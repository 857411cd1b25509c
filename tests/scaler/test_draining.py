import asyncio

import pytest

from scaler.draining import DRAIN_TIMEOUT
from scaler.errors import SleepRefused
from scaler.patience import CALLED_OFF_PAUSE
from tests.scaler.house import House
from torpor import link
from torpor.words import Phase


@pytest.mark.parametrize("open_work", [{"busy": 1}, {"held": 1}])
async def test_open_work_in_the_acknowledgement_calls_it_off_and_it_is_tried_again_later(
    house: House, open_work: dict[str, int]
) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    await house.advance(300)
    house.acknowledge("a", **open_work)
    assert house.phase("a") is Phase.AWAKE
    house.report("a", idle_for=None)
    await house.advance(CALLED_OFF_PAUSE)
    assert house.phase("a") is Phase.DRAINING


async def test_an_access_told_only_with_the_acknowledgement_calls_it_off(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    await house.advance(300)
    house.acknowledge("a", idle_for=2.0)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(297)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(1)
    assert house.phase("a") is Phase.DRAINING


async def test_every_live_proxy_has_to_acknowledge(house: House) -> None:
    second = house.scaler.links.connected("p2", "test")
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    house.acknowledge("a")
    assert house.phase("a") is Phase.DRAINING
    house.scaler.links.disconnected(second, clean=True)
    assert house.phase("a") is Phase.ASLEEP


async def test_an_acknowledgement_of_an_older_drain_does_not_count(house: House) -> None:
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    old = house.scaler.apps["a"].epoch
    house.knock("a")
    await house.advance(300)
    work = link.Work(in_flight=0, busy=0, held=0, idle_for=None)
    house.scaler.links.drained(house.proxy, link.Drained(app="a", epoch=old, work=work))
    assert house.phase("a") is Phase.DRAINING


async def test_a_proxy_that_does_not_acknowledge_calls_it_off(house: House) -> None:
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    await house.advance(DRAIN_TIMEOUT)
    assert house.phase("a") is Phase.AWAKE
    assert "p1 did not acknowledge" in house.scaler.status("a").reason


async def test_while_a_proxy_is_out_of_reach_nothing_sleeps_and_after_its_lease_it_is_forgotten(house: House) -> None:
    second = house.scaler.links.connected("p2", "test")
    house.add("a", idle=300)
    await house.awake("a")
    await house.advance(299)
    house.scaler.links.disconnected(second, clean=False)
    await house.advance(1)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(link.LEASE)
    assert house.phase("a") is Phase.DRAINING


async def test_while_the_engine_of_a_killed_proxy_may_go_on_nothing_sleeps_unless_one_comes_in_its_place(
    house: House,
) -> None:
    second = house.scaler.links.connected("p2", "test", alone=65.0)
    house.add("a", idle=300)
    await house.awake("a")
    await house.advance(290)
    house.scaler.links.disconnected(second, clean=False)
    await house.advance(30)
    assert house.phase("a") is Phase.AWAKE
    house.scaler.links.connected("p3", "test", alone=65.0)
    await house.settle()
    assert house.phase("a") is Phase.DRAINING


async def test_work_of_a_proxy_that_is_forgotten_counts_as_use_until_then(house: House) -> None:
    second = house.scaler.links.connected("p2", "test")
    house.add("a", idle=300)
    await house.awake("a")
    house.scaler.links.reported(second, "a", link.Work(in_flight=1, busy=1, held=0, idle_for=0))
    await house.advance(1000)
    house.scaler.links.disconnected(second, clean=False)
    await house.advance(link.LEASE)
    await house.advance(299)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(1)
    assert house.phase("a") is Phase.DRAINING


async def test_without_any_proxy_nobody_falls_asleep(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.scaler.links.disconnected(house.proxy, clean=True)
    await house.advance(10_000)
    assert house.phase("a") is Phase.AWAKE
    house.proxy = house.scaler.links.connected("p1", "test")
    await house.settle()
    assert house.phase("a") is Phase.DRAINING


async def test_after_the_only_proxy_was_lost_even_an_operator_has_to_wait_for_the_next_one(house: House) -> None:
    house.add("a")
    await house.awake("a")
    house.scaler.links.disconnected(house.proxy, clean=False)
    await house.advance(link.LEASE)
    with pytest.raises(SleepRefused, match="p1 was lost and none has come since"):
        await house.scaler.sleep("a")
    house.proxy = house.scaler.links.connected("p2", "test")
    async with asyncio.TaskGroup() as group:
        sleeping = group.create_task(house.scaler.sleep("a"))
        await house.settle()
        house.acknowledge("a")
    assert sleeping.result().phase is Phase.ASLEEP


async def test_a_proxy_that_drops_out_during_a_drain_calls_it_off(house: House) -> None:
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    house.scaler.links.disconnected(house.proxy, clean=False)
    assert house.phase("a") is Phase.AWAKE


async def test_a_proxy_that_drops_out_after_it_acknowledged_calls_it_off_too(house: House) -> None:
    """Unheard, it sends visits to the last address it knew, drain or not."""
    second = house.scaler.links.connected("p2", "test")
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    house.acknowledge("a")
    assert house.phase("a") is Phase.DRAINING
    house.scaler.links.disconnected(house.proxy, clean=False)
    assert house.phase("a") is Phase.AWAKE
    house.scaler.links.disconnected(second, clean=True)


async def test_a_proxy_that_comes_during_the_drain_has_to_acknowledge_it_too(house: House) -> None:
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    late = house.scaler.links.connected("p2", "test")
    house.acknowledge("a")
    assert house.phase("a") is Phase.DRAINING
    house.proxy = late
    house.acknowledge("a", busy=1)
    assert house.phase("a") is Phase.AWAKE
