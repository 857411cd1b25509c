"""Output on disk, bounded."""

import re
import stat
from pathlib import Path

import pytest

from scaler.runtimes.process.keeper.logfile import NOTE, LogFile

LIMIT = 10_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "web.log"


STAMP = re.compile(rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ", re.MULTILINE)


def plain(path: Path) -> bytes:
    """What was written, without the times."""
    return STAMP.sub(b"", path.read_bytes())


def older(path: Path) -> Path:
    return path.with_name("web.log.1")


def test_nobody_else_may_read_it(path: Path) -> None:
    LogFile(str(path), LIMIT).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_both_files_together_never_exceed_the_limit_and_hold_the_end(path: Path) -> None:
    log = LogFile(str(path), LIMIT)
    output = b"".join(b"line %06d\n" % number for number in range(20_000))
    for start in range(0, len(output), 777):
        log.keep(output[start : start + 777])
        assert path.stat().st_size + (older(path).stat().st_size if older(path).exists() else 0) <= LIMIT
    log.close()
    kept = older(path).read_bytes() + path.read_bytes()
    assert len(kept) > LIMIT // 2
    assert output.endswith(b"\n".join(STAMP.sub(b"", line) for line in kept.split(b"\n")[1:]))


def test_one_write_larger_than_the_limit_keeps_its_end(path: Path) -> None:
    log = LogFile(str(path), LIMIT)
    log.keep(b"x" * 5 * LIMIT + b"end\n")
    log.close()
    kept = older(path).read_bytes() + path.read_bytes()
    assert len(kept) <= LIMIT
    assert kept.endswith(b"xend\n")


def test_it_goes_on_where_the_last_one_ended(path: Path) -> None:
    for text in (b"one\n", b"two\n"):
        log = LogFile(str(path), LIMIT)
        log.keep(text)
        log.close()
    assert plain(path) == b"one\ntwo\n"


def test_a_note_is_one_printable_line(path: Path) -> None:
    log = LogFile(str(path), LIMIT)
    log.note("started: a\nb \x1b[31m")
    log.close()
    (line,) = path.read_text().splitlines()
    assert STAMP.sub(b"", line.encode()).startswith(NOTE.encode())
    assert line.endswith("started: a b  [31m")


def test_each_line_has_a_time_in_front_later_than_the_one_before(path: Path) -> None:
    log = LogFile(str(path), LIMIT)
    for piece in (b"one\ntwo\n", b"th", b"r", b"ee\n\nfo", b"ur", b"\n"):
        log.keep(piece)
    log.close()
    assert plain(path) == b"one\ntwo\nthree\n\nfour\n"
    times = [line.split()[0] for line in path.read_bytes().splitlines()]
    assert times == sorted(set(times))
    assert len(times) == 5


def test_what_ends_without_an_end_of_line_gets_one_before_others_go_on(path: Path) -> None:
    log = LogFile(str(path), LIMIT)
    log.keep(b"half")
    log.note("exited")
    log.keep(b"half again")
    log.close()
    LogFile(str(path), LIMIT).close()
    first, note, last = plain(path).splitlines()
    assert (first, last) == (b"half", b"half again")
    assert note.startswith(NOTE.encode())
    assert path.read_bytes().endswith(b"again\n")


def test_what_cannot_be_written_is_counted_and_noted_later(path: Path) -> None:
    log = LogFile(str(path), LIMIT)
    older(path).mkdir()  # so that it cannot be rotated
    for _ in range(8):
        log.keep(b"x" * 960 + b"\n")
    assert path.stat().st_size <= LIMIT // 2
    older(path).rmdir()
    log.keep(b"there again\n")
    log.close()
    assert "2883 bytes of output were lost" in path.read_text()
    assert plain(path).endswith(b"\nthere again\n")


def test_a_file_that_was_tidied_away_begins_anew(path: Path) -> None:
    log = LogFile(str(path), LIMIT)
    path.unlink()
    log.keep(b"x" * LIMIT)
    log.close()
    assert path.exists()


def test_a_file_that_cannot_be_opened(path: Path) -> None:
    path.parent.touch()
    with pytest.raises(FileExistsError):
        LogFile(str(path), LIMIT)
