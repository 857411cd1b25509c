import math

from hypothesis import given
from hypothesis import strategies as st

from proxy.pages.wording import LONGEST, LONGEST_WAIT, bounded, fit, whole_seconds


def test_text_that_is_fit_stays_as_it_is() -> None:
    assert fit("Zürich's “notes” 📝\nsecond line") == "Zürich's “notes” 📝\nsecond line"


def test_control_characters_and_turned_writing_do_not_get_through() -> None:
    assert fit("a\x1b[31mb\x00c\u202ed\ttab\r\nnext") == "a\ufffd[31mb\ufffdc\ufffdd tab\nnext"


def test_undecodable_bytes_do_not_break_the_page() -> None:
    assert fit(b"/caf\xe9".decode("utf-8", "surrogateescape")).encode() == "/caf\ufffd".encode()


def test_a_long_reason_is_cut() -> None:
    assert len(fit("x" * 10_000)) == LONGEST
    assert fit("x" * 10_000).endswith("x…")
    assert fit("x" * LONGEST) == "x" * LONGEST


@given(st.text(), st.integers(1, 600))
def test_any_text_can_be_sent_and_is_short(text: str, longest: int) -> None:
    assert len(fit(text, longest)) <= longest
    fit(text, longest).encode()


def test_retry_after_is_a_whole_number_from_one_second_to_a_day() -> None:
    assert [whole_seconds(wait) for wait in (-3.0, 0.0, 0.2, 1.0, 1.01)] == [1, 1, 1, 1, 2]
    assert whole_seconds(math.inf) == LONGEST_WAIT
    assert whole_seconds(math.nan) == 1


def test_a_duration_that_is_none_counts_as_nothing() -> None:
    assert [bounded(wait) for wait in (-1.0, math.nan, 2.5)] == [0.0, 0.0, 2.5]
