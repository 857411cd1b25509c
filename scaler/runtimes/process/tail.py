"""The end of an app's log, for people: bounded however long its lines are."""

import os
from pathlib import Path

from scaler.logs.line import Line, Source, printable, read_line
from scaler.logs.past import LEFT_OUT
from scaler.logs.splitter import Splitter
from scaler.runtimes.process.keeper.logfile import NOTE

MOST_BYTES = 512 * 1024
"""How much of the end of a log is read at all."""
LONGEST_REASON = 300
"""Characters of last words."""
SOURCE = Source()


def log_tail(file: Path, lines: int, since: str = "") -> list[Line]:
    """The last lines, oldest first, of a file and the older one beside it. Empty when there is none."""
    splitter, end = Splitter(), _end(file)
    found = [read_line(line, SOURCE) for line in splitter.feed(end) + splitter.end()]
    if len(end) < MOST_BYTES:
        return last(found, lines, since)
    del found[0]  # it may be half a line
    wanted = last(found, lines, since)
    return [Line("", SOURCE, LEFT_OUT), *wanted] if len(wanted) == len(found) else wanted


def last(found: list[Line], lines: int | None, since: str) -> list[Line]:
    """So many of the lines (None: all), the newest, of those after `since` if given."""
    if since:
        found = [line for line in found if line.at > since]
    return found if lines is None else found[-lines:] if lines > 0 else []


def last_words(file: Path) -> str:
    """What the app wrote last since it was started, in one printable line fit for a reason; maybe nothing."""
    for line in reversed(log_tail(file, 50)):
        if line.text.startswith(NOTE):
            if " started: " in line.text:
                break
            continue
        if words := printable(line.text, LONGEST_REASON):
            return words
    return ""


def _end(file: Path) -> bytes:
    newest, number = _read(file, MOST_BYTES)
    before, older_number = _read(older(file), MOST_BYTES - len(newest))
    # A rotation between the two reads makes them the same file.
    return newest if number == older_number else before + newest


def older(file: Path) -> Path:
    """The file that was the log before this one."""
    return file.with_name(f"{file.name}.1")


def _read(file: Path, most: int) -> tuple[bytes, int]:
    try:
        with file.open("rb") as log:
            status = os.fstat(log.fileno())
            log.seek(max(0, status.st_size - most))
            return log.read(most), status.st_ino
    except OSError:
        return b"", -1
