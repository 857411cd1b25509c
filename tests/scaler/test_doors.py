"""Apps with several doors: each is a view of its own to the proxies, and all of them are one app."""

import pytest

from scaler.doors import view_id, whose
from tests.scaler.house import House
from torpor import link
from torpor.words import Address, Phase

BOTH = {"": (Address("10.0.0.1", 80),), "8080": (Address("10.0.0.1", 8080),)}


@pytest.mark.parametrize("app", ["notes", "shop/web", "shop/service~web"])
@pytest.mark.parametrize("door", ["", "8080", "http"])
def test_whose_a_view_is_can_be_read_from_its_id(app: str, door: str) -> None:
    assert whose(view_id(app, door)) == (app, door)


def test_the_main_door_is_called_like_its_app() -> None:
    assert view_id("shop/web", "") == "shop/web"


async def test_each_door_has_its_own_routes_and_addresses(house: House) -> None:
    house.add("a", doors=BOTH)
    house.runtime.addresses = BOTH
    await house.awake("a")
    views = {view.id: view for view in house.scaler.telling.views()}
    assert views.keys() == {"a", "a:8080"}
    assert (views["a"].routes, views["a:8080"].routes) == (("a.localhost",), ("8080a.localhost",))
    assert (views["a"].addresses, views["a:8080"].addresses) == (BOTH[""], BOTH["8080"])
    assert house.scaler.status("a").hosts == ("a.localhost", "8080a.localhost")


async def test_a_knock_at_any_door_wakes_the_app(house: House) -> None:
    house.add("a", doors=BOTH)
    house.knock("a:8080")
    await house.settle()
    assert house.phase("a") is Phase.AWAKE


async def test_what_is_open_behind_all_doors_adds_up_and_keeps_the_app_awake(house: House) -> None:
    house.add("a", doors=BOTH)
    await house.awake("a")
    house.report("a", in_flight=1)
    house.report("a:8080", in_flight=2)
    assert house.scaler.status("a").in_flight == 3
    house.report("a")
    await house.advance(10_000)
    assert house.phase("a") is Phase.AWAKE


async def test_a_sleep_waits_until_every_door_is_closed_in_every_proxy(house: House) -> None:
    other = house.scaler.links.connected("p2", "test")
    house.add("a", doors=BOTH)
    await house.awake("a")
    await house.advance(300)
    house.acknowledge("a")
    house.acknowledge("a:8080")
    house.proxy = other
    house.acknowledge("a:8080")
    assert house.phase("a") is Phase.DRAINING
    house.acknowledge("a")
    assert house.phase("a") is Phase.ASLEEP


async def test_open_work_behind_one_door_calls_the_sleep_off(house: House) -> None:
    house.add("a", doors=BOTH)
    await house.awake("a")
    await house.advance(300)
    house.acknowledge("a")
    house.acknowledge("a:8080", busy=1)
    assert house.phase("a") is Phase.AWAKE


async def test_proxies_are_told_of_doors_that_come_and_go(house: House) -> None:
    told: list[str] = []
    house.add("a", doors=["", "8080"])
    house.scaler.telling.on_change.append(told.append)
    house.add("a", doors=["", "9090"])
    assert sorted(told) == ["a", "a:8080", "a:9090"]
    assert house.scaler.telling.view("a:8080") is None
    told.clear()
    house.scaler.remove("a", grace=None)
    assert sorted(told) == ["a", "a:9090"]
    assert house.scaler.telling.view("a") is None


async def test_a_door_that_goes_while_its_app_drains_calls_the_sleep_off_for_a_while(house: House) -> None:
    house.add("a", doors=["", "8080"])
    await house.awake("a")
    await house.advance(300)
    house.acknowledge("a")
    house.add("a", doors=[""])
    assert house.phase("a") is Phase.AWAKE
    await house.advance(4)
    assert house.phase("a") is Phase.AWAKE


async def test_what_is_still_open_behind_a_door_that_is_gone_keeps_the_app_awake(house: House) -> None:
    house.add("a", doors=["", "8080"])
    await house.awake("a")
    house.report("a:8080", in_flight=1)
    house.add("a", doors=[""])
    await house.advance(10_000)
    assert house.phase("a") is Phase.AWAKE
    house.report("a:8080")
    await house.advance(300)
    assert house.phase("a") is Phase.DRAINING


async def test_an_app_without_a_door_sleeps_without_asking_anybody(house: House) -> None:
    house.add("a", doors=[])
    await house.awake("a")
    await house.advance(300)
    await house.settle()
    assert house.phase("a") is Phase.ASLEEP


async def test_requests_are_counted_by_app(house: House) -> None:
    house.add("a", doors=BOTH)
    for view in ("a", "a:8080"):
        house.scaler.links.counted(view, link.Counts(requests={"fast forwarded": 2}))
    text, _ = await house.scaler.metrics.render()
    assert b'torpor_requests_total{app="a",lane="fast",outcome="forwarded"} 4.0' in text


async def test_addresses_that_change_during_a_drain_leave_the_answers_that_came_before_them_right(house: House) -> None:
    house.add("a", doors=BOTH)
    house.runtime.addresses = BOTH
    await house.awake("a")
    await house.advance(300)
    house.acknowledge("a")
    house.scaler.addressed("a", {"": BOTH[""]})
    assert house.phase("a") is Phase.DRAINING
    house.acknowledge("a:8080")
    assert house.phase("a") is Phase.ASLEEP
