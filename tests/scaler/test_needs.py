import pytest

from scaler.errors import SleepRefused, WakeFailed
from tests.scaler.house import House
from torpor.words import Cause, Phase


async def test_needs_are_woken_first_and_independent_ones_side_by_side(house: House) -> None:
    house.add("db")
    house.add("cache")
    house.add("web", needs=("db", "cache"))
    house.runtime.slow = True
    house.knock("web")
    await house.settle()
    assert sorted(house.runtime.log) == ["start cache", "start db"]
    house.runtime.gates["db"].set()
    await house.settle()
    assert "start web" not in house.runtime.log
    house.runtime.gates["cache"].set()
    house.runtime.gates["web"].set()
    await house.settle()
    assert house.phase("web") is Phase.AWAKE
    assert house.scaler.status("db").cause == "needed: web needs it"


async def test_a_failing_need_fails_the_app_with_its_reason(house: House) -> None:
    house.add("db")
    house.add("web", needs=("db",))
    house.runtime.broken["db"] = "disk full"
    with pytest.raises(WakeFailed, match="needs db, which failed: disk full"):
        await house.scaler.wake("web", Cause("operator"))


async def test_what_is_needed_sleeps_last_and_only_after_all_its_users(house: House) -> None:
    house.add("db", idle=10)
    house.add("one", idle=300, needs=("db",))
    house.add("two", idle=600, needs=("db",))
    await house.awake("one", "two")
    await house.advance(300)
    house.acknowledge("one")
    await house.settle()
    assert house.phase("one") is Phase.ASLEEP
    assert house.phase("db") is Phase.AWAKE
    assert await refused(house, "db") == "needed by two; put that to sleep first"
    await house.advance(300)
    house.acknowledge("two")
    await house.settle()
    assert house.phase("db") is Phase.DRAINING
    house.acknowledge("db")
    await house.settle()
    assert house.runtime.log[-3:] == ["stop one", "stop two", "stop db"]


async def test_a_need_that_falls_over_under_its_users_is_woken_again_at_once(house: House) -> None:
    house.add("db")
    house.add("web", needs=("db",))
    await house.awake("web")
    await house.advance(60)
    house.scaler.lost("db", "out of memory")
    await house.settle()
    assert house.phase("db") is Phase.AWAKE
    assert house.runtime.log.count("start db") == 2


async def test_a_dependant_that_wakes_calls_the_sleep_of_its_need_off(house: House) -> None:
    house.add("db", idle=10)
    house.add("web", needs=("db",))
    await house.awake("db")
    await house.advance(10)
    assert house.phase("db") is Phase.DRAINING
    await house.awake("web")
    assert house.phase("db") is Phase.AWAKE


async def refused(house: House, app: str) -> str:
    with pytest.raises(SleepRefused) as caught:
        await house.scaler.sleep(app)
    return caught.value.reason
