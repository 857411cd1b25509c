"""The past of one who comes later."""

from scaler.logs.line import Line, Source
from scaler.logs.past import LEFT_OUT, MOST_OLDER, put_together
from tests.scaler.logs.made import WEB, at, line, lines

SIDE = Source("web-1", "side")


def test_older_lines_go_before_those_that_are_here_and_none_is_there_twice() -> None:
    kept = {WEB: lines(3, 4), SIDE: lines(5, source=SIDE)}
    whole, seams = put_together(kept, [*lines(1, 2, 3), *lines(4, 5, 6, source=SIDE)], {}, 3)
    assert whole == [*lines(2, 3, 4), *lines(4, 5, source=SIDE)]
    assert seams == {}, "what comes goes on behind what is here"


def test_where_nothing_is_here_what_comes_says_how_far_they_go() -> None:
    older = [*lines(1, 2, 3), *lines(1, 2, source=SIDE)]
    whole, seams = put_together({}, older, {WEB: at(3)}, None)
    assert whole == [*lines(1, 2), *lines(1, 2, source=SIDE)]
    assert [(source, seam.last) for source, seam in seams.items()] == [(SIDE, at(2))]


def test_the_place_of_a_line_counts_and_not_its_time() -> None:
    older = lines(1, 9, 4, 5)  # its clock was set back
    assert put_together({WEB: lines(4, 5)}, older, {}, None)[0] == older
    assert put_together({}, older, {WEB: at(4)}, None)[0] == lines(1, 9)
    assert put_together({WEB: lines(3)}, older, {}, None)[0] == lines(1, 3), "one that the older ones do not reach"


def test_of_each_source_the_last_are_taken() -> None:
    assert put_together({WEB: lines(3)}, lines(1, 2), {}, 2)[0] == lines(2, 3)
    assert put_together({WEB: lines(3)}, lines(1, 2), {}, 0)[0] == []


def test_what_was_said_instead_of_lines_stays_where_it_is() -> None:
    said, trouble = Line("", WEB, LEFT_OUT), Line("", SIDE, "(no answer)")
    whole, seams = put_together({WEB: lines(3)}, [said, *lines(2, 3), trouble], {}, None)
    assert whole == [said, *lines(2, 3), trouble]
    assert seams == {}
    assert put_together({WEB: [trouble, line(3)]}, lines(2, 3), {}, None)[0] == [line(2), trouble, line(3)]


def test_what_nobody_has_any_more_is_told_as_a_loss() -> None:
    kept = {WEB: lines(3), SIDE: lines(3, source=SIDE)}
    whole, _ = put_together(kept, lines(1, 2), {}, None, short={WEB, SIDE})
    assert whole == [*lines(1, 2, 3), Line("", SIDE, LEFT_OUT), *lines(3, source=SIDE)]


def test_when_as_many_are_there_as_were_asked_for_there_may_have_been_more() -> None:
    older = lines(1) * MOST_OLDER
    assert put_together({}, older, {}, None)[0] == [Line("", WEB, LEFT_OUT), *older]
    assert put_together({}, older, {}, MOST_OLDER)[0] == older
    assert put_together({}, older[1:], {}, None)[0] == older[1:]
