"""The end of a log."""

from pathlib import Path

import pytest

from scaler.logs.line import LONGEST
from scaler.logs.past import LEFT_OUT
from scaler.runtimes.process.keeper.logfile import LogFile
from scaler.runtimes.process.tail import MOST_BYTES, last_words, log_tail


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


def texts(file: Path, lines: int, since: str = "") -> list[str]:
    return [line.text for line in log_tail(file, lines, since)]


def test_a_log_that_is_not_there_is_empty(file: Path) -> None:
    assert texts(file, 10) == []
    file.touch()
    assert texts(file, 10) == []


def test_the_last_lines_come_oldest_first(file: Path) -> None:
    file.write_text("a\nb\nc\n")
    assert texts(file, 2) == ["b", "c"]
    assert texts(file, 10) == ["a", "b", "c"]
    assert texts(file, 0) == []


def test_a_line_may_begin_in_the_older_file(file: Path) -> None:
    file.with_name("web.log.1").write_text("one\ntw")
    file.write_text("o\nthree")
    assert texts(file, 10) == ["one", "two", "three"]


def test_lines_and_their_number_are_bounded(file: Path) -> None:
    file.write_text("short\n" * 100_000 + "x" * 20_000 + "\n")
    assert texts(file, 2) == ["short", "x" * LONGEST + "…"]
    said, *lines = texts(file, 1_000_000)
    assert said == LEFT_OUT
    assert set(lines[:-1]) == {"short"}
    assert len(lines) == (MOST_BYTES - 20_001) // 6 + 1


def test_bytes_that_are_no_text_are_replaced(file: Path) -> None:
    file.write_bytes(b"caf\xe9\r\n\x85 and \x0b stay within a line\n")
    assert texts(file, 10) == ["caf�", "� and \x0b stay within a line"]


def test_lines_of_after_a_time_are_those_that_were_written_later(file: Path) -> None:
    log = LogFile(str(file), 65536)
    log.keep(b"one\ntwo\nthree\n")
    log.close()
    first, second, third = log_tail(file, 10)
    assert first.at < second.at < third.at
    assert texts(file, 10, first.at) == ["two", "three"]
    assert texts(file, 1, first.at) == ["three"]
    assert texts(file, 10, third.at) == []


def test_last_words_are_printable_and_bounded(file: Path) -> None:
    file.write_text("\x1b[1;31merror:\x1b[0m\a " + "x" * 1_000 + "\n\n  \n")
    assert last_words(file) == "error: " + "x" * 293 + "…"


def test_last_words_are_the_apps_own(file: Path) -> None:
    log = LogFile(str(file), 65536)
    log.note("started: web")
    log.keep(b"of old\n")
    log.note("exited with code 1")
    assert last_words(file) == "of old"
    log.note("started: web")
    log.note("exited with code 1")
    log.close()
    assert last_words(file) == ""
