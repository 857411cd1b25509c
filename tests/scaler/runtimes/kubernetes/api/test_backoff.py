from scaler.runtimes.kubernetes.api.backoff import FIRST, LONGEST, LONGEST_UNREACHABLE, BackOff
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable

NO = ApiError(403, "Forbidden", "no")
NOTHING = Unreachable("nothing", sent=False)


def test_pauses_grow_to_a_bound_with_jitter() -> None:
    back_off = BackOff()
    pauses = [back_off.after(NO) for _ in range(20)]
    assert FIRST / 2 <= pauses[0] <= FIRST
    assert LONGEST / 2 <= min(pauses[10:]) < max(pauses[10:]) <= LONGEST


def test_while_nobody_answers_the_bound_is_lower() -> None:
    back_off = BackOff()
    assert max(back_off.after(NOTHING) for _ in range(20)) <= LONGEST_UNREACHABLE


def test_a_server_that_answers_again_is_not_made_to_wait_for_what_came_before() -> None:
    back_off = BackOff()
    for _ in range(20):
        back_off.after(NOTHING)
    assert back_off.after(NO) <= FIRST


def test_it_begins_anew_after_a_success() -> None:
    back_off = BackOff()
    for _ in range(20):
        back_off.after(NO)
    back_off.reset()
    assert back_off.after(NO) <= FIRST


def test_what_the_server_asks_for_is_granted_within_reason() -> None:
    assert BackOff().after(ApiError(429, "TooManyRequests", "no", retry_after=3.0)) == 3.0
    assert BackOff().after(ApiError(429, "TooManyRequests", "no", retry_after=3_600.0)) == LONGEST
