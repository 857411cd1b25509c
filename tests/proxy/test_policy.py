import pytest

from proxy.policy import MARGIN, UNKNOWN_HOLD, Choice, Standing, decide
from proxy.visit import Visit
from proxy.visitors import who
from tests.proxy.porch import HERE, browser, policy, program
from torpor.link import AppView, Policy
from torpor.words import Phase, Visitor


def ask(
    visit: Visit,
    phase: Phase,
    *,
    rules: Policy | None = None,
    waited: float = 0,
    waking_for: float = 0,
    retry_in: float = 0,
    linked: bool = True,
    usual: float | None = None,
    known: bool = False,
    between: bool = False,
) -> tuple[Choice, float]:
    addresses = (HERE,) if known or (phase is Phase.AWAKE and not between) else ()
    view = AppView(id="a", phase=phase, epoch=1, addresses=addresses, usual_wake=usual, policy=rules or Policy())
    return decide(visit, who(visit), Standing(view, linked, waking_for, retry_in), waited)


def test_an_awake_app_is_forwarded_to_whoever_comes() -> None:
    for visit in (browser(), program(), program(user_agent="kube-probe/1"), program("/favicon.ico")):
        assert ask(visit, Phase.AWAKE)[0] is Choice.FORWARD


def test_an_awake_app_between_two_addresses_is_waited_for_by_whoever_comes() -> None:
    rules = policy(wake_timeout=60, hold=10)
    for visit in (program(), program(user_agent="kube-probe/1"), program("/favicon.ico")):
        assert ask(visit, Phase.AWAKE, rules=rules, between=True) == (Choice.HOLD, 60 + MARGIN)
        assert ask(visit, Phase.AWAKE, rules=rules, between=True, waited=60 + MARGIN)[0] is Choice.TIMED_OUT
    assert ask(browser(), Phase.AWAKE, rules=rules, between=True, usual=30) == (Choice.HOLD, 10)
    assert ask(browser(), Phase.AWAKE, rules=rules, between=True, waited=10)[0] is Choice.WAITING_PAGE


@pytest.mark.parametrize("phase", [Phase.ASLEEP, Phase.WAKING, Phase.DRAINING])
def test_programs_are_held_until_the_wake_timeout_and_a_little_more(phase: Phase) -> None:
    rules = policy(wake_timeout=60)
    assert ask(program(), phase, rules=rules, waited=10) == (Choice.HOLD, 50 + MARGIN)
    assert ask(program(), phase, rules=rules, waited=60 + MARGIN)[0] is Choice.TIMED_OUT


def test_a_person_is_held_briefly_for_an_app_never_woken_before_and_then_sees_the_page() -> None:
    assert ask(browser(), Phase.ASLEEP) == (Choice.HOLD, UNKNOWN_HOLD)
    assert ask(browser(), Phase.WAKING, waited=UNKNOWN_HOLD)[0] is Choice.WAITING_PAGE


def test_a_person_is_held_for_an_app_that_is_usually_quick_and_sees_the_page_at_once_for_a_slow_one() -> None:
    rules = policy(hold=10)
    assert ask(browser(), Phase.ASLEEP, rules=rules, usual=2) == (Choice.HOLD, 10)
    assert ask(browser(), Phase.WAKING, rules=rules, usual=2, waited=10, waking_for=10)[0] is Choice.WAITING_PAGE
    assert ask(browser(), Phase.ASLEEP, rules=rules, usual=30)[0] is Choice.WAITING_PAGE


def test_a_person_who_comes_late_to_a_slow_wake_is_held_for_the_rest() -> None:
    rules = policy(hold=10)
    assert ask(browser(), Phase.WAKING, rules=rules, usual=30, waking_for=25) == (Choice.HOLD, 10)
    assert ask(browser(), Phase.WAKING, rules=rules, usual=30, waking_for=5)[0] is Choice.WAITING_PAGE


def test_the_page_can_be_wanted_always_or_never() -> None:
    assert ask(browser(), Phase.ASLEEP, rules=policy(page="always"))[0] is Choice.WAITING_PAGE
    assert ask(browser(), Phase.WAKING, rules=policy(page="never"), waited=20)[0] is Choice.HOLD


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_page_never_costs_a_body(method: str) -> None:
    assert ask(browser(method=method), Phase.WAKING, waited=20)[0] is Choice.HOLD


def test_browsers_driven_by_programs_never_see_the_page() -> None:
    visit = browser(user_agent="HeadlessChrome/130")
    assert ask(visit, Phase.WAKING, waited=50)[0] is Choice.HOLD


@pytest.mark.parametrize(
    "visit",
    [
        program(user_agent="Googlebot/2.1"),
        program(user_agent="kube-probe/1.31"),
        program("/favicon.ico"),
        browser(purpose="prefetch"),
    ],
)
@pytest.mark.parametrize("phase", [Phase.ASLEEP, Phase.WAKING, Phase.FAILED, Phase.DRAINING])
def test_those_who_do_not_wake_get_a_quick_and_honest_answer(visit: Visit, phase: Phase) -> None:
    assert ask(visit, phase)[0] is Choice.ASLEEP


def test_who_may_wake_is_a_setting() -> None:
    rules = policy(wake_for=[Visitor.MONITOR])
    assert ask(program(user_agent="kube-probe/1.31"), Phase.ASLEEP, rules=rules)[0] is Choice.HOLD
    assert ask(program(), Phase.ASLEEP, rules=rules)[0] is Choice.ASLEEP


def test_a_failed_app_says_so_until_it_may_be_tried_again() -> None:
    assert ask(program(), Phase.FAILED, retry_in=3)[0] is Choice.FAILED
    assert ask(browser(), Phase.FAILED, retry_in=3)[0] is Choice.FAILED
    assert ask(program(), Phase.FAILED)[0] is Choice.HOLD


def test_without_a_link_the_last_known_address_is_tried_and_else_the_visit_is_held() -> None:
    assert ask(program(), Phase.DRAINING, linked=False, known=True)[0] is Choice.FORWARD
    assert ask(program(), Phase.DRAINING, linked=True, known=True)[0] is Choice.HOLD
    assert ask(program(), Phase.ASLEEP, linked=False)[0] is Choice.HOLD
    assert ask(program(), Phase.ASLEEP, linked=False, waited=100)[0] is Choice.NO_LINK
