"""What the scaler tells the metrics by itself: proxies that are lost, silence, and the stages of a wake."""

from prometheus_client.parser import text_string_to_metric_families as parse

from tests.scaler.house import House
from torpor import link

LOAD = link.Load(connections=3, limit=100)


async def numbers(house: House) -> dict[str, float]:
    """By name, without labels and with the last one's value where there are several."""
    body, _ = await house.scaler.metrics.render()
    return {sample.name: sample.value for family in parse(body.decode()) for sample in family.samples}


async def stages(house: House, app: str) -> dict[str, float]:
    body, _ = await house.scaler.metrics.render()
    samples = [sample for family in parse(body.decode()) for sample in family.samples]
    spent = [sample for sample in samples if sample.name == "torpor_wake_stage_seconds_total"]
    return {sample.labels["stage"]: sample.value for sample in spent if sample.labels["app"] == app}


async def test_only_a_proxy_that_does_not_come_back_is_lost(house: House) -> None:
    for name, comes_back, clean in (("p2", True, False), ("p3", False, True), ("p4", False, False)):
        proxy = house.scaler.links.connected(name, "test")
        house.scaler.links.disconnected(proxy, clean=clean)
        if comes_back:
            house.scaler.links.connected(name, "test")
    assert (await numbers(house))["torpor_proxies_out_of_reach"] == 1
    assert (await numbers(house))["torpor_proxies_lost_total"] == 0
    await house.advance(link.LEASE)
    assert (await numbers(house))["torpor_proxies_lost_total"] == 1
    assert (await numbers(house))["torpor_proxies_out_of_reach"] == 0
    assert (await numbers(house))["torpor_proxies_connected"] == 2


async def test_silence_begins_with_a_proxys_last_word_and_its_load_stays(house: House) -> None:
    house.scaler.links.heard(house.proxy, LOAD)
    await house.advance(3)
    found = await numbers(house)
    assert (found["torpor_proxy_silence_seconds"], found["torpor_proxy_connections"]) == (3, 3)
    house.scaler.links.heard(house.proxy)
    found = await numbers(house)
    assert (found["torpor_proxy_silence_seconds"], found["torpor_proxy_connections"]) == (0, 3)


async def test_a_wakes_time_goes_to_the_stages_that_it_was_in(house: House) -> None:
    house.add("db")
    house.add("web", needs=("db",))
    house.runtime.slow = True
    house.knock("web")
    await house.settle()
    await house.advance(2)
    house.runtime.gates["db"].set()
    await house.settle()
    await house.advance(3)
    assert await stages(house, "web") == {}  # it may still fail
    house.runtime.gates["web"].set()
    await house.settle()
    assert await stages(house, "web") == {"needs": 2, "other": 3}


async def test_a_wake_that_fails_counts_for_no_stage(house: House) -> None:
    house.add("web")
    house.runtime.slow = True
    house.runtime.broken["web"] = "no such image"
    house.knock("web")
    await house.settle()
    await house.advance(2)
    house.runtime.gates["web"].set()
    await house.settle()
    assert await stages(house, "web") == {}
