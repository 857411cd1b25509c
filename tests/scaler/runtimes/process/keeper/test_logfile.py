"""Output on disk, bounded."""

import stat
from pathlib import Path

import pytest

from scaler.runtimes.process.keeper.logfile import NOTE, LogFile

LIMIT = 10_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "web.log"


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
    assert output.endswith(kept)
    assert len(kept) > LIMIT // 2


def test_one_write_larger_than_the_limit_keeps_its_end(path: Path) -> None:
    log = LogFile(str(path), LIMIT)
    log.keep(b"x" * 5 * LIMIT + b"end")
    log.close()
    kept = older(path).read_bytes() + path.read_bytes()
    assert len(kept) <= LIMIT
    assert kept.endswith(b"xend")


def test_it_goes_on_where_the_last_one_ended(path: Path) -> None:
    for text in (b"one\n", b"two\n"):
        log = LogFile(str(path), LIMIT)
        log.keep(text)
        log.close()
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_note_is_one_printable_line(path: Path) -> None:
    log = LogFile(str(path), LIMIT)
    log.note("started: a\nb \x1b[31m")
    log.close()
    (line,) = path.read_text().splitlines()
    assert line.startswith(NOTE)
    assert line.endswith("started: a b  [31m")


def test_what_cannot_be_written_is_counted_and_noted_later(path: Path) -> None:
    log = LogFile(str(path), LIMIT)
    older(path).mkdir()  # so that it cannot be rotated
    for _ in range(8):
        log.keep(b"x" * 1_000)
    assert path.stat().st_size <= LIMIT // 2
    older(path).rmdir()
    log.keep(b"there again\n")
    log.close()
    assert "3000 bytes of output were lost" in path.read_text()
    assert path.read_text().endswith("there again\n")


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
