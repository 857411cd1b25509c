"""Lines out of pieces."""

from hypothesis import given
from hypothesis import strategies as st

from scaler.logs.splitter import Splitter


@given(st.lists(st.text("ab\n", max_size=20)))
def test_lines_are_the_same_however_they_are_cut(pieces: list[str]) -> None:
    splitter = Splitter()
    lines = [line for piece in pieces for line in splitter.feed(piece.encode())]
    assert lines + splitter.end() == "".join(pieces).removesuffix("\n").split("\n") or not "".join(pieces)


def test_of_a_long_line_the_beginning_is_kept_and_no_more_memory_is_used() -> None:
    splitter = Splitter(longest=4)
    assert splitter.feed(b"ab") == []
    for _ in range(1000):
        assert splitter.feed(b"c" * 1000) == []
    assert len(splitter._rest) <= 5
    assert splitter.feed(b"d\nshort\nefgh\nefghi\n") == ["abcc…", "shor…", "efgh", "efgh…"]


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert Splitter().feed(b"caf\xe9\r\nfine\n") == ["caf�", "fine"]


def test_the_end_is_told_once() -> None:
    splitter = Splitter()
    splitter.feed(b"half")
    assert splitter.end() == ["half"]
    assert splitter.end() == []
