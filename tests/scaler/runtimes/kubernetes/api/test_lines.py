import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.api.lines import Lines, TooLong


@given(st.lists(st.binary(max_size=20), max_size=20), st.lists(st.integers(0, 400), max_size=10))
def test_lines_are_the_same_however_the_stream_is_cut(words: list[bytes], cuts: list[int]) -> None:
    whole = b"\n".join(words) + b"\n"
    marks = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    lines = Lines()
    found = [line for at, to in itertools.pairwise(marks) for line in lines.feed(whole[at:to])]
    assert found == [line for line in whole.split(b"\n") if line.strip()]
    assert lines.rest() == b""


def test_what_has_no_newline_yet_is_kept() -> None:
    lines = Lines()
    assert list(lines.feed(b"one\ntw")) == [b"one"]
    assert lines.rest() == b"tw"
    assert list(lines.feed(b"o\n")) == [b"two"]


def test_a_line_that_does_not_end_is_not_kept_for_ever() -> None:
    lines = Lines(longest=10)
    assert list(lines.feed(b"12345")) == []
    with pytest.raises(TooLong):
        list(lines.feed(b"67890x"))
