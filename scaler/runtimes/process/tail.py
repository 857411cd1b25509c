"""The end of an app's log, for people: bounded however long its lines are."""

import os
import re
from pathlib import Path

from scaler.runtimes.process.keeper.logfile import NOTE

MOST_LINES = 1_000
MOST_BYTES = 512 * 1024
"""How much of the end of a log is read at all."""
LONGEST_LINE = 4_096
"""Characters of a line that are shown."""
_LONGEST_REASON = 300

_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")


def log_tail(file: Path, lines: int) -> list[str]:
    """The last lines, oldest first, of a file and the older one beside it. Empty when there is none."""
    lines = min(lines, MOST_LINES)
    if lines <= 0:
        return []
    text = _end(file).decode(errors="replace").removesuffix("\n").split("\n")
    last = [line.removesuffix("\r") for line in text[-lines:]] if text != [""] else []
    return [line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…" for line in last]


def last_words(file: Path) -> str:
    """What the app wrote last since it was started, in one printable line fit for a reason; maybe nothing."""
    for line in reversed(log_tail(file, 50)):
        if line.startswith(NOTE):
            if " started: " in line:
                break
            continue
        words = "".join(sign for sign in _ESCAPE_SEQUENCE.sub("", line) if sign.isprintable()).strip()
        if words:
            return words if len(words) <= _LONGEST_REASON else f"{words[:_LONGEST_REASON]}…"
    return ""


def _end(file: Path) -> bytes:
    older = file.with_name(f"{file.name}.1")
    newest, number = _read(file, MOST_BYTES)
    before, older_number = _read(older, MOST_BYTES - len(newest))
    # A rotation between the two reads makes them the same file.
    return newest if number == older_number else before + newest


def _read(file: Path, most: int) -> tuple[bytes, int]:
    try:
        with file.open("rb") as log:
            status = os.fstat(log.fileno())
            log.seek(max(0, status.st_size - most))
            return log.read(most), status.st_ino
    except OSError:
        return b"", -1
