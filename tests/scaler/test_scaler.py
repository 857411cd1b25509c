import asyncio

import pytest

from scaler.app import AppSpec
from scaler.errors import SleepRefused, WakeFailed
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


async def test_a_visit_told_as_held_keeps_a_just_woken_app_awake_until_the_next_word(house: House) -> None:
    house.add("a", idle=0.5)
    house.scaler.links.reported(house.proxy, "a", link.Work(in_flight=0, busy=0, held=1, idle_for=None))
    await house.awake("a")
    await house.advance(0.9)
    assert house.phase("a") is Phase.AWAKE
    house.report("a", in_flight=1)
    house.report("a")
    await house.advance(0.5)
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


async def test_a_failed_app_that_nobody_asks_for_is_stopped_after_its_idle_timeout(house: House) -> None:
    house.add("a", idle=300)
    house.runtime.broken["a"] = "crash loop"
    house.knock("a")
    await house.settle()
    await house.advance(200)
    house.knock("a")  # tried once more
    await house.settle()
    await house.advance(299)
    assert house.phase("a") is Phase.FAILED
    assert "stop a" not in house.runtime.log
    await house.advance(1)
    assert house.phase("a") is Phase.ASLEEP
    assert house.runtime.log == ["start a", "start a", "stop a"]
    assert house.scaler.status("a").reason == "nobody came after it failed: crash loop"


async def test_a_failed_app_is_not_stopped_under_those_that_need_it_and_run(house: House) -> None:
    house.add("db", idle=10)
    house.add("web", needs=("db",))
    await house.awake("web")
    for _ in range(3):
        house.scaler.lost("db", "out of memory")
        await house.settle()
    assert house.phase("db") is Phase.FAILED
    await house.advance(1000)
    assert "stop db" not in house.runtime.log


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
    assert house.scaler.telling.view("a").addresses == ()  # type: ignore[union-attr]
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
    assert house.scaler.telling.view("a") is None


async def test_an_app_that_is_removed_without_a_grace_is_left_as_it_is(house: House) -> None:
    house.add("a")
    await house.awake("a")
    house.scaler.remove("a", grace=None)
    await house.advance(1000)
    assert "stop a" not in house.runtime.log
    assert house.scaler.telling.view("a") is None


async def test_a_word_that_changes_nothing_is_not_told(house: House) -> None:
    house.add("a")
    epoch = house.view("a").epoch
    house.add("a")
    assert house.view("a").epoch == epoch


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
    house.scaler.put(AppSpec("a", {"": ("a.localhost",)}, link.Policy(), 300.0), outdated=True)
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


async def test_apps_that_were_there_before_are_told_of_without_a_sentence(house: House) -> None:
    with house.scaler.bus.listen() as news:
        house.add("a")
        assert [(event.what, event.text) for event in await news.take()] == [("changed", "")]
        house.add("a", idle=10)
        assert [event.text for event in await news.take()] == ["a has new settings"]
    assert [event.text for event in house.scaler.bus.recent] == ["a has new settings"]


async def test_ten_thousand_sleeping_apps_have_no_deadline(house: House) -> None:
    for number in range(10_000):
        house.add(f"a{number}")
    assert len(house.scaler.sweeper) == 0


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
