from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torpor.quantity import MOST, millis, parse_quantity, whole


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        *(
            ("250m", "0.25"),
            ("1.5", "1.5"),
            (".5", "0.5"),
            ("2.", "2"),
            (2, "2"),
            (0.5, "0.5"),
            ("0", "0"),
            ("+1", "1"),
        ),
        *(
            ("512Mi", "536870912"),
            ("1.5Gi", "1610612736"),
            ("1Ki", "1024"),
            ("2k", "2000"),
            ("1E", "1000000000000000000"),
        ),
        *(("1e3", "1000"), ("12E-1", "1.2"), ("100n", "0.0000001"), ("5u", "0.000005")),
    ],
)
def test_amounts_are_read_as_kubernetes_writes_them(text: object, amount: str) -> None:
    assert parse_quantity(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["", "m", "1 Gi", "-1", "1gi", "1KI", "1e", "1e3k", "1e999", "two", "٣", "1" * 21, None, True, [], float("nan")],
)
def test_anything_else_is_refused_and_says_what_is_allowed(text: object) -> None:
    with pytest.raises(ValueError, match="allowed is"):
        parse_quantity(text)


def test_a_little_more_is_rounded_up_and_far_too_much_is_bounded() -> None:
    assert millis(parse_quantity("1.0001")) == 1001
    assert whole(parse_quantity("100m")) == 1
    assert whole(parse_quantity("1e99")) == millis(parse_quantity("9E")) == MOST


@given(st.integers(0, 2**61), st.sampled_from(["", "k", "Ki", "m"]))
def test_whole_numbers_keep_their_worth(number: int, sign: str) -> None:
    factor = {"": Decimal(1), "k": Decimal(1000), "Ki": Decimal(1024), "m": Decimal("0.001")}[sign]
    assert parse_quantity(f"{number}{sign}") == number * factor
