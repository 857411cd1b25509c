import asyncio

import pytest

from scaler.app import AppSpec
from scaler.errors import SleepRefused, WakeFailed
from scaler.scaler import CALLED_OFF_PAUSE, DRAIN_TIMEOUT
from tests.scaler.house import House
from torpor import link
from torpor.words import Cause, Phase

OPERATOR = Cause("operator")


async def test_a_knock_wakes_a_sleeping_app_and_its_cause_is_kept(house: House) -> None:
    house.add("a")
    house.knock("a")
    await house.settle()
    status = house.scaler.status("a")
    assert status.phase is Phase.AWAKE
    assert status.cause == "GET / from ::1 (curl)"
    assert status.replicas == 1


async def test_a_hundred_knocks_make_one_wake(house: House) -> None:
    house.add("a")
    for _ in range(100):
        house.knock("a")
    await house.settle()
    assert house.runtime.log == ["start a"]


async def test_an_idle_app_is_drained_and_then_stopped(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    await house.advance(299)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(1)
    assert house.phase("a") is Phase.DRAINING
    assert "stop a" not in house.runtime.log
    house.acknowledge("a")
    await house.settle()
    assert house.phase("a") is Phase.ASLEEP
    assert house.runtime.log[-1] == "stop a"


async def test_one_request_every_four_minutes_keeps_a_five_minute_app_awake(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    for _ in range(20):
        await house.advance(240)
        house.report("a", in_flight=1)
        house.report("a")
        assert house.phase("a") is Phase.AWAKE
    await house.advance(300)
    assert house.phase("a") is Phase.DRAINING


async def test_visits_that_do_not_count_do_not_keep_an_app_awake(house: House) -> None:
    """A crawler or a probe every minute is reported as busy, but with no access."""
    house.add("a", idle=300)
    await house.awake("a")
    for _ in range(4):
        await house.advance(60)
        house.report("a", busy=1, idle_for=None)
        house.report("a", idle_for=None)
    await house.advance(60)
    assert house.phase("a") is Phase.DRAINING


async def test_open_work_keeps_an_app_awake_for_as_long_as_it_takes(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.report("a", in_flight=1)
    await house.advance(100_000)
    assert house.phase("a") is Phase.AWAKE
    assert house.scaler.status("a").sleeps_at is None
    house.report("a")
    await house.advance(299)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(1)
    assert house.phase("a") is Phase.DRAINING


async def test_a_visit_in_between_calls_the_sleep_off(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    await house.advance(300)
    house.knock("a")
    assert house.phase("a") is Phase.AWAKE
    house.acknowledge("a")
    await house.settle()
    assert house.phase("a") is Phase.AWAKE
    assert "stop a" not in house.runtime.log


async def test_a_visit_between_acknowledgement_and_stop_wakes_it_again_after_the_stop(house: House) -> None:
    house.add("a")
    await house.awake("a")
    house.runtime.stopping = asyncio.Event()
    await house.advance(300)
    house.acknowledge("a")
    house.knock("a")
    await house.settle()
    assert house.phase("a") is Phase.WAKING
    assert house.runtime.log == ["start a"]
    house.runtime.stopping.set()
    await house.settle()
    assert house.phase("a") is Phase.AWAKE
    assert house.runtime.log == ["start a", "stop a", "start a"]


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
    second = house.scaler.connected("p2", "test")
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    house.acknowledge("a")
    assert house.phase("a") is Phase.DRAINING
    house.scaler.disconnected(second, clean=True)
    assert house.phase("a") is Phase.ASLEEP


async def test_an_acknowledgement_of_an_older_drain_does_not_count(house: House) -> None:
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    old = house.scaler.apps["a"].epoch
    house.knock("a")
    await house.advance(300)
    work = link.Work(in_flight=0, busy=0, held=0, idle_for=None)
    house.scaler.drained(house.proxy, link.Drained(app="a", epoch=old, work=work))
    assert house.phase("a") is Phase.DRAINING


async def test_a_proxy_that_does_not_acknowledge_calls_it_off(house: House) -> None:
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    await house.advance(DRAIN_TIMEOUT)
    assert house.phase("a") is Phase.AWAKE
    assert "p1 did not acknowledge" in house.scaler.status("a").reason


async def test_while_a_proxy_is_out_of_reach_nothing_sleeps_and_after_its_lease_it_is_forgotten(house: House) -> None:
    second = house.scaler.connected("p2", "test")
    house.add("a", idle=300)
    await house.awake("a")
    await house.advance(299)
    house.scaler.disconnected(second, clean=False)
    await house.advance(1)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(link.LEASE)
    assert house.phase("a") is Phase.DRAINING


async def test_work_of_a_proxy_that_is_forgotten_counts_as_use_until_then(house: House) -> None:
    second = house.scaler.connected("p2", "test")
    house.add("a", idle=300)
    await house.awake("a")
    house.scaler.reported(second, "a", link.Work(in_flight=1, busy=1, held=0, idle_for=0))
    await house.advance(1000)
    house.scaler.disconnected(second, clean=False)
    await house.advance(link.LEASE)
    await house.advance(299)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(1)
    assert house.phase("a") is Phase.DRAINING


async def test_without_any_proxy_nobody_falls_asleep(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.scaler.disconnected(house.proxy, clean=True)
    await house.advance(10_000)
    assert house.phase("a") is Phase.AWAKE
    house.proxy = house.scaler.connected("p1", "test")
    await house.settle()
    assert house.phase("a") is Phase.DRAINING


async def test_a_proxy_that_drops_out_during_a_drain_calls_it_off(house: House) -> None:
    house.add("a")
    await house.awake("a")
    await house.advance(300)
    house.scaler.disconnected(house.proxy, clean=False)
    assert house.phase("a") is Phase.AWAKE


async def test_an_idle_timeout_of_zero_is_never(house: House) -> None:
    house.add("a", idle=0)
    await house.awake("a")
    await house.advance(1_000_000)
    assert house.phase("a") is Phase.AWAKE


async def test_a_failed_wake_tells_the_reason_and_is_not_tried_before_the_back_off(house: House) -> None:
    house.add("a")
    house.runtime.broken["a"] = "command not found: nope"
    with pytest.raises(WakeFailed, match="command not found: nope") as caught:
        await house.scaler.wake("a", OPERATOR)
    assert caught.value.retry_in == 1.0
    house.knock("a")
    await house.settle()
    assert house.runtime.log == ["start a"]
    del house.runtime.broken["a"]
    await house.advance(1)
    house.knock("a")
    await house.settle()
    assert house.phase("a") is Phase.AWAKE


async def test_a_wake_that_takes_too_long_says_what_it_was_doing(house: House) -> None:
    house.add("a", wake_timeout=0.05)
    house.runtime.slow = True
    with pytest.raises(WakeFailed, match=r"not ready after 0\.1s: starting a"):
        await house.scaler.wake("a", OPERATOR)
    assert house.runtime.log == ["start a", "give up a"]


async def test_an_app_that_falls_over_while_it_becomes_ready_has_failed(house: House) -> None:
    house.add("a")
    house.runtime.slow = True
    house.knock("a")
    await house.settle()
    house.scaler.lost("a", "exited with code 1")
    house.runtime.gates["a"].set()
    await house.settle()
    assert house.phase("a") is Phase.FAILED
    assert house.scaler.status("a").reason == "exited with code 1"


async def test_an_app_that_falls_over_while_awake_is_asleep_at_once(house: House) -> None:
    house.add("a")
    await house.awake("a")
    await house.advance(60)
    house.scaler.lost("a", "killed by SIGKILL")
    assert house.phase("a") is Phase.ASLEEP
    assert house.scaler.view("a").addresses == ()  # type: ignore[union-attr]
    await house.awake("a")


async def test_an_operator_can_put_an_app_to_sleep_and_gets_the_answer_when_it_is(house: House) -> None:
    house.add("a")
    await house.awake("a")
    async with asyncio.TaskGroup() as group:
        sleeping = group.create_task(house.scaler.sleep("a"))
        await house.settle()
        assert not sleeping.done()
        house.acknowledge("a", idle_for=0.1)
    assert sleeping.result().phase is Phase.ASLEEP
    assert house.runtime.running == set()


async def test_a_visit_refuses_an_operators_sleep(house: House) -> None:
    house.add("a")
    await house.awake("a")
    async with asyncio.TaskGroup() as group:
        sleeping = group.create_task(refused(house, "a"))
        await house.settle()
        house.knock("a")
    assert "a visit called it off: GET /" in sleeping.result()


async def test_sleep_is_refused_while_waking_and_fine_when_asleep_already(house: House) -> None:
    house.add("a")
    assert (await house.scaler.sleep("a")).phase is Phase.ASLEEP
    house.runtime.slow = True
    house.knock("a")
    await house.settle()
    assert "waking" in await refused(house, "a")


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
        await house.scaler.wake("web", OPERATOR)


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


async def test_a_removed_app_is_stopped_when_nothing_is_in_flight(house: House) -> None:
    house.add("a")
    await house.awake("a")
    house.report("a", in_flight=1)
    house.scaler.remove("a", grace=30)
    await house.advance(5)
    assert "stop a" not in house.runtime.log
    house.report("a")
    await house.advance(1)
    assert house.runtime.log[-1] == "stop a"
    assert house.scaler.view("a") is None


async def test_removing_an_app_that_is_being_woken_gives_the_wake_up(house: House) -> None:
    house.add("a")
    house.runtime.slow = True
    async with asyncio.TaskGroup() as group:
        waking = group.create_task(failed(house, "a"))
        await house.settle()
        house.scaler.remove("a", grace=1)
    assert waking.result() == "it is managed no more"
    await house.advance(1)
    assert "give up a" in house.runtime.log


async def test_an_outdated_app_sleeps_as_soon_as_nothing_is_open(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.report("a", in_flight=1)
    house.scaler.put(AppSpec("a", ("a.localhost",), link.Policy(), 300.0), outdated=True)
    await house.advance(10)
    assert house.phase("a") is Phase.AWAKE
    house.report("a")
    await house.settle()
    assert house.phase("a") is Phase.DRAINING
    house.acknowledge("a", idle_for=0.0)
    await house.settle()
    assert house.phase("a") is Phase.ASLEEP


async def test_new_settings_leave_an_awake_app_awake(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    house.add("a", idle=10)
    await house.advance(9)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(1)
    assert house.phase("a") is Phase.DRAINING


async def test_ten_thousand_sleeping_apps_have_no_deadline(house: House) -> None:
    for number in range(10_000):
        house.add(f"a{number}")
    assert len(house.scaler._deadlines) == 0


async def test_a_usual_wake_is_the_median_of_the_last_ones(house: House) -> None:
    house.add("a")
    house.runtime.slow = True
    for seconds in (1, 9, 2):
        house.runtime.gates["a"].clear()
        house.knock("a")
        await house.settle()
        house.clock.advance(seconds)
        house.runtime.gates["a"].set()
        await house.settle()
        house.scaler.lost("a", "test")
        await house.advance(60)
    assert house.scaler.status("a").usual_wake == 2


async def refused(house: House, app: str) -> str:
    with pytest.raises(SleepRefused) as caught:
        await house.scaler.sleep(app)
    return caught.value.reason


async def failed(house: House, app: str) -> str:
    with pytest.raises(WakeFailed) as caught:
        await house.scaler.wake(app, OPERATOR)
    return caught.value.reason
