"""The end of a log."""

from pathlib import Path

import pytest

from scaler.runtimes.process.keeper.logfile import LogFile
from scaler.runtimes.process.tail import LONGEST_LINE, MOST_LINES, last_words, log_tail


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


def test_a_log_that_is_not_there_is_empty(file: Path) -> None:
    assert log_tail(file, 10) == []
    file.touch()
    assert log_tail(file, 10) == []


def test_the_last_lines_come_oldest_first(file: Path) -> None:
    file.write_text("a\nb\nc\n")
    assert log_tail(file, 2) == ["b", "c"]
    assert log_tail(file, 10) == ["a", "b", "c"]
    assert log_tail(file, 0) == []


def test_a_line_may_begin_in_the_older_file(file: Path) -> None:
    file.with_name("web.log.1").write_text("one\ntw")
    file.write_text("o\nthree")
    assert log_tail(file, 10) == ["one", "two", "three"]


def test_lines_and_their_number_are_bounded(file: Path) -> None:
    file.write_text("short\n" * 5_000 + "x" * 10_000 + "\n")
    lines = log_tail(file, 100_000)
    assert len(lines) == MOST_LINES
    assert lines[-1] == "x" * LONGEST_LINE + "…"


def test_bytes_that_are_no_text_are_replaced(file: Path) -> None:
    file.write_bytes(b"caf\xe9\r\n\x85 and \x0b stay within a line\n")
    assert log_tail(file, 10) == ["caf�", "� and \x0b stay within a line"]


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
