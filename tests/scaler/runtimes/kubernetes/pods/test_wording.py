"""The cluster's own words, as visitors may see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.pods.wording import LONGEST, fit


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("exceeded quota: pods=1", "exceeded quota: pods=1"),
        ("two\nlines\t and \x1b[31mred\0", "two lines and [31mred"),
        ("Head https://bob:s3cret@registry.test/v2/", "Head https://registry.test/v2/"),
        ('Get "https://x.test/blob?X-Amz-Signature=abc&Expires=1": 403', 'Get "https://x.test/blob": 403'),
        ("Authorization: Bearer abc.def-ghi is wrong", "Authorization: Bearer … is wrong"),
        ("basic dXNlcjpwYXNz refused", "basic … refused"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "jwt …"),
        ("login password=hunter2, token=abc", "login password=…, token=…"),
        ('pod "web_team(8ca9c3ec-c958-448c-8b65-741e2f7f269b)" failed', 'pod "web_team" failed'),
    ],
)
def test_nothing_that_lets_somebody_in(said: str, shown: str) -> None:
    assert fit(said) == shown


def test_long_words_are_cut() -> None:
    assert fit("x" * 10**6) == "x" * (LONGEST - 1) + "…"


@given(st.text(max_size=600))
def test_whatever_is_said_is_one_short_line(said: str) -> None:
    shown = fit(said)
    assert len(shown) <= LONGEST
    assert shown.isprintable()
