import asyncio

from scaler.bus import QUEUE, RECENT, Bus
from scaler.moments import rfc3339
from scaler.status import AppStatus
from torpor.words import Phase

STATUS = AppStatus("a", Phase.ASLEEP, (), None, 0, 0, 300.0, None, 0, "", "")


async def test_listeners_hear_what_happens_while_they_listen() -> None:
    bus = Bus()
    bus.publish(1.0, "phase", STATUS, "before")
    with bus.listen() as news:
        bus.publish(2.0, "phase", STATUS, "during")
        async for event in news:
            assert event.text == "during"
            break
    bus.publish(3.0, "phase", STATUS, "after")
    assert [event.text for event in bus.recent] == ["before", "during", "after"]


async def test_a_slow_listener_loses_its_own_oldest_events_and_is_told_how_many() -> None:
    bus = Bus()
    with bus.listen() as slow, bus.listen() as quick:
        for number in range(QUEUE + 5):
            bus.publish(float(number), "phase", STATUS, str(number))
            async for event in quick:
                assert event.text == str(number)
                break
        assert (slow.lost, quick.lost) == (5, 0)
        async for event in slow:
            assert event.text == "5"
            break


async def test_activity_goes_to_those_who_want_it_and_is_not_kept() -> None:
    bus = Bus()
    assert not bus.activity_wanted
    with bus.listen(activity=False) as calm:
        assert not bus.activity_wanted
        with bus.listen():
            assert bus.activity_wanted
            bus.publish(1.0, "activity", STATUS, "")
        bus.publish(1.0, "phase", STATUS, "x")
        async with asyncio.timeout(1):
            async for event in calm:
                assert event.what == "phase"
                break
    assert [event.what for event in bus.recent] == ["phase"]


async def test_what_is_kept_is_bounded() -> None:
    bus = Bus()
    for number in range(RECENT * 2):
        bus.publish(float(number), "phase", STATUS, str(number))
    assert len(bus.recent) == RECENT


async def test_what_nobody_wants_to_read_is_told_and_not_kept() -> None:
    bus = Bus()
    with bus.listen() as news:
        bus.publish(1.0, "changed", STATUS, "")
        assert [event.what for event in await news.take()] == ["changed"]
    assert list(bus.recent) == []


def test_times_are_rfc_3339_in_utc() -> None:
    assert rfc3339(0.5) == "1970-01-01T00:00:00.500Z"
    assert rfc3339(None) is None
