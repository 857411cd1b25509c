import asyncio

import pytest

from proxy.places import MOST, Places


def resolving(names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    async def look(host: str, port: int, **_: int) -> list[object]:
        if host not in names:
            raise OSError("no such host")
        return [(None, None, None, "", (address, port)) for address in names[host]]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look)


async def test_every_address_of_every_link_is_a_place_once(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving({"one": ["10.0.0.1", "10.0.0.2"], "two": ["fd00::1"]}, monkeypatch)
    places = await Places(["http://one:8081", "https://two/", "http://one:8081"]).all()
    assert [str(place.url) for place in places] == [
        "http://10.0.0.1:8081/v1/link",
        "http://10.0.0.2:8081/v1/link",
        "https://[fd00::1]/v1/link",
    ]
    assert [place.named.authority for place in places] == ["one:8081", "one:8081", "two:443"]


async def test_a_name_that_cannot_be_resolved_just_now_leads_where_it_led_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {"one": ["10.0.0.1"]}
    resolving(names, monkeypatch)
    places = Places(["http://one:8081", "http://other:8081"])
    before = await places.all()
    assert len(before) == 1
    names.clear()
    assert await places.all() == before


async def test_more_addresses_than_anybody_has_scalers_are_not_all_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving({"one": [f"10.0.{number // 250}.{number % 250}" for number in range(1_000)]}, monkeypatch)
    assert len(await Places(["http://one:8081"]).all()) == MOST
