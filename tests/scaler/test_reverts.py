from scaler.patience import LONGEST_PAUSE
from scaler.reverts import ENOUGH, FIRST_PAUSE, SOON, pause_after, sentence, undone
from tests.scaler.house import House
from torpor.words import Phase


def test_only_scaling_up_soon_after_a_sleep_undoes_it() -> None:
    assert undone(1, 100.0, 100.0 + SOON - 1) == 2
    assert undone(1, 100.0, 100.0 + SOON) == 0
    assert undone(1, None, 100.0) == 0


def test_an_app_is_left_awake_from_the_third_time_on_and_for_twice_as_long_each_time_up_to_an_hour() -> None:
    assert [pause_after(times) for times in range(ENOUGH)] == [0.0] * ENOUGH
    assert [pause_after(ENOUGH + more) for more in range(3)] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pause_after(10_000) == LONGEST_PAUSE


def test_people_are_told_how_often_and_by_whom() -> None:
    assert sentence(ENOUGH - 1, "by argocd") == ""
    assert sentence(ENOUGH, "to 3 by argocd") == (
        "left awake for 5m, since its last 3 sleeps were undone: to 3 by argocd"
    )


async def test_somebody_who_keeps_undoing_sleeps_is_given_way_for_a_while_and_it_is_told(house: House) -> None:
    told: list[tuple[str, int, str]] = []
    house.scaler.on_revert.append(lambda *what: told.append(what))
    house.add("a", idle=300)
    await house.awake("a")
    for _ in range(ENOUGH):
        await house.asleep("a")
        await house.advance(10)
        house.scaler.scaled("a", up=True, reason="to 3 by argocd")
        await house.settle()
        assert house.phase("a") is Phase.AWAKE
    assert told == [("a", ENOUGH, "to 3 by argocd")]
    assert any("a is left awake for 5m" in event.text for event in house.scaler.bus.recent)
    assert "sleeps were undone: to 3 by argocd" in house.scaler.status("a").reason
    assert house.scaler.status("a").reverts == ENOUGH
    await house.advance(FIRST_PAUSE - 1)
    assert house.phase("a") is Phase.AWAKE
    await house.advance(1)
    assert house.phase("a") is Phase.DRAINING


async def test_a_visit_between_two_reverts_shows_that_sleep_and_wake_work_as_they_should(house: House) -> None:
    house.add("a", idle=300)
    await house.awake("a")
    for _ in range(2 * ENOUGH):
        await house.asleep("a")
        house.scaler.scaled("a", up=True, reason="by hand")
        await house.settle()
        await house.asleep("a")
        await house.awake("a")
    assert house.scaler.status("a").reverts == 0
