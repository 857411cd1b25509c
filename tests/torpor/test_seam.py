"""What is new in a stream that is taken up again."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from torpor.seam import Seam


def told(seam: Seam, *times: str) -> str:
    return "".join(at for at in times if seam.new(at))


def test_what_comes_once_is_new_whatever_its_time() -> None:
    assert told(Seam(), *"abdcbde") == "abdcbde"


def test_what_is_repeated_is_left_out_up_to_the_last_line() -> None:
    seam = Seam()
    told(seam, *"abdc")
    seam.again()
    assert seam.last == "c", "from there on it is asked for"
    assert told(seam, *"abdc") == ""
    assert told(seam, *"cbae") == "cbae"


def test_where_the_last_line_is_not_repeated_the_first_later_one_is_new() -> None:
    seam = Seam("c")
    assert told(seam, *"abdc") == "dc"
    seam = Seam()
    told(seam, *"db")
    seam.again()
    assert told(seam, *"ceab") == "eab"


def test_a_stream_of_which_nothing_has_come_repeats_nothing() -> None:
    seam = Seam()
    seam.again()
    assert told(seam, *"ba") == "ba"


def test_what_has_no_time_is_new() -> None:
    seam = Seam("c")
    assert seam.new("")
    assert told(seam, *"bd") == "d"


@given(st.permutations("abcdefghij"), st.lists(st.integers(0, 10)))
def test_each_line_is_told_once_however_often_it_breaks(written: list[str], breaks: list[int]) -> None:
    """Times are in any order; a stream begins with the first line that is as late as the one it is asked for."""
    seam, found = Seam(), ""
    ends = [*sorted(breaks), len(written)]
    for before, end in pairwise([0, *ends]):
        seam.again()
        start = next((place for place, at in enumerate(written[:before]) if at >= seam.last), before)
        found += told(seam, *written[start:end])
    assert found == "".join(written)
