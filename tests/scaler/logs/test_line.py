"""Times and lines, read."""

import pytest

from scaler.logs.line import Line, Source, printable, read_line, read_time, written_at

SOURCE = Source("web-1", "app")


def test_a_line_has_its_time_in_front() -> None:
    at = "2026-01-02T03:04:05.000000006Z"
    assert read_line(f"{at} two words ", SOURCE) == Line(at, SOURCE, "two words ")
    assert read_line(f"{at} ", SOURCE) == Line(at, SOURCE, "")


@pytest.mark.parametrize("text", ["", "no time here", "2026-01-02 a day", "12 monkeys", "9" * 50])
def test_a_line_without_one_is_all_text(text: str) -> None:
    assert read_line(text, SOURCE) == Line("", SOURCE, text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000000Z"),
        ("2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05.500000000Z"),
        ("2026-01-02T03:04:05.123456789+02:00", "2026-01-02T01:04:05.123456789Z"),
    ],
)
def test_times_are_put_so_that_their_order_is_that_of_the_alphabet(written: str, read: str) -> None:
    assert read_time(written) == read
    assert read_line(f"{written} x", SOURCE).at == read


@pytest.mark.parametrize("written", ["", "now", "2026-01-02", "2026-01-02T03:04:05", "2026-99-02T03:04:05Z", "1" * 99])
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of several makers
        read_time(written)


def test_a_clock_s_time() -> None:
    assert written_at(1_700_000_000.25) == "2023-11-14T22:13:20.250000000Z"


def test_a_printable_line_has_no_colours_and_an_end() -> None:
    assert printable("\x1b[1;31merror:\x1b[0m\a it\tbroke", 100) == "error: it      broke"
    assert printable("x" * 30, 10) == "x" * 10 + "…"
