"""The last lines of one source."""

from scaler.logs.ring import MOST_BYTES, MOST_LINES, Ring
from tests.scaler.logs.made import at, line, lines


def test_the_last_are_given_and_those_after_a_time() -> None:
    ring = Ring()
    for one in lines(1, 2, 3):
        ring.put(one)
    assert ring.last(2, "") == lines(2, 3)
    assert ring.last(0, "") == []
    assert ring.last(9, at(1)) == lines(2, 3)
    assert ring.last(1, at(1)) == lines(3)
    assert ring.last(None, "") == lines(1, 2, 3)


def test_it_knows_what_it_has_no_more() -> None:
    ring = Ring()
    for one in [*lines(5, 3), *lines(6) * MOST_LINES]:
        assert ring.reaches(None, at(0))
        ring.put(one)
        if len(ring.last(None, "")) == MOST_LINES:
            break
    assert ring.reaches(9_999, "")
    ring.put(line(6))
    assert not ring.reaches(None, "")
    assert not ring.reaches(None, at(4))
    assert ring.reaches(None, at(5))
    assert ring.reaches(MOST_LINES, "")
    assert not ring.reaches(MOST_LINES + 1, "")


def test_lines_and_bytes_are_bounded() -> None:
    ring = Ring()
    for number in range(MOST_LINES + 10):
        ring.put(line(number % 60, str(number)))
    assert [one.text for one in ring.last(9999, "")] == [str(number) for number in range(10, MOST_LINES + 10)]
    for number in range(100):
        ring.put(line(number % 60, "x" * 10_000))
    assert sum(len(one.text) for one in ring.last(9999, "")) <= MOST_BYTES
