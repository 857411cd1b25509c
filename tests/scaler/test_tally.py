import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.saved import Saved
from scaler.tally import Tally, read_tally

TALLY = Tally(Saved(86400.5, 43200.25, 4.6e13), 1_780_000_000.25)


def test_what_is_written_is_read_again() -> None:
    assert json.loads(TALLY.written()) == {
        "since": "2026-05-28T20:26:40.250Z",
        "seconds": 86400.5,
        "cpu": 43200.25,
        "memory": 4.6e13,
    }
    assert read_tally(TALLY.written()) == TALLY


@pytest.mark.parametrize(
    "changed",
    [
        *({"since": None}, {"since": "yesterday"}, {"since": "2026-05-28T20:26:40"}),
        *({"seconds": -1}, {"cpu": 1e31}, {"memory": float("nan")}, {"cpu": float("inf")}),
        *({"cpu": True}, {"cpu": "1"}, {"seconds": None}, {"note": "x" * 300}),
    ],
)
def test_what_makes_no_sense_is_none(changed: dict[str, object]) -> None:
    assert read_tally(json.dumps(json.loads(TALLY.written()) | changed)) is None


@given(st.text(max_size=60))
def test_any_text_is_read(written: str) -> None:
    read_tally(written)


@pytest.mark.parametrize("written", ["", "[]", "null", "{}", "[" * 200, "1", '{"since": []}'])
def test_what_is_something_else_is_none(written: str) -> None:
    assert read_tally(written) is None
