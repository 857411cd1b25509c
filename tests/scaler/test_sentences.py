from scaler.app import App, AppSpec
from scaler.lifecycle import Life
from scaler.sentences import phase_sentence
from torpor.words import Phase

WAKING = Life(Phase.WAKING, since=10.0)


def failed(idle_timeout: float) -> str:
    life = Life(Phase.FAILED, since=20.0, failures=1, retry_at=22.0)
    return phase_sentence(App(AppSpec("a", idle_timeout=idle_timeout), life, reason="no room"), WAKING)


def test_a_failure_says_why_and_when_the_next_visit_tries_again() -> None:
    assert failed(300.0) == "a failed: no room; a visit after 2s tries again"


def test_a_failure_of_an_app_that_never_sleeps_says_that_it_is_not_stopped() -> None:
    assert failed(0.0) == (
        "a failed: no room; a visit after 2s tries again; what runs of it is left, for its idle timeout is 0"
    )


def test_a_wake_says_how_long_it_took() -> None:
    assert phase_sentence(App(AppSpec("a"), Life(Phase.AWAKE, since=11.5)), WAKING) == "a is awake after 1.5s"
