"""An app's log as it grows, over the files that it is written to one after the other."""

import asyncio
import os
from io import FileIO
from pathlib import Path

from scaler.logs.line import Line, read_line
from scaler.logs.splitter import Splitter
from scaler.runtime import TakeLines
from scaler.runtimes.process.keeper.logfile import NOTE
from scaler.runtimes.process.tail import MOST_BYTES, SOURCE, last, older

LOOK = 0.1
"""Seconds between two looks at a file: only while somebody reads."""
PIECE = 256 * 1024
"""Bytes that are read before others get their turn."""
MISSED = f"{NOTE}lines are missing here: they were written faster than they could be read"


async def follow(file: Path, take: TakeLines, lines: int | None, since: str) -> None:
    """See `scaler.runtime.Runtime.follow`."""
    log = _Growing(file)
    try:
        take(last(log.past(), lines, since))
        while True:
            more = log.more()
            take(more or ())
            await asyncio.sleep(LOOK if more is None else 0)
    finally:
        log.close()


class _Growing:
    """The file that is written to, and how far it has been read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO | None = None
        self._inode = -1
        self._splitter = Splitter()

    def past(self) -> list[Line]:
        """All lines that are there, as far as they are kept."""
        self._open()
        before, number = b"", -1
        try:
            with older(self._path).open("rb") as file:
                number = os.fstat(file.fileno()).st_ino
                file.seek(max(0, os.fstat(file.fileno()).st_size - MOST_BYTES))
                before = file.read(MOST_BYTES)
        except OSError:
            pass
        found = self._lines(before) if number != self._inode else []
        while piece := self._read():
            found += self._lines(piece)
        return found

    def more(self) -> list[Line] | None:
        """The lines that have come since, maybe none; None when there is nothing to read."""
        moved = self._inode != _inode(self._path)  # before reading: once it has moved nothing is added to it
        if piece := self._read():
            return self._lines(piece)
        if moved:
            return self._next()
        return None

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()

    def _next(self) -> list[Line] | None:
        before = self._inode
        if not self._open():
            return None
        if before in (-1, _inode(older(self._path))):
            return []
        rest = [read_line(line, SOURCE) for line in self._splitter.end()]
        return [*rest, Line("", SOURCE, MISSED)]

    def _open(self) -> bool:
        try:
            file = FileIO(self._path)
        except OSError:
            return False
        self.close()
        self._file, self._inode = file, os.fstat(file.fileno()).st_ino
        return True

    def _read(self) -> bytes:
        if self._file is None:
            return b""
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)  # somebody has emptied it
        return self._file.read(PIECE) or b""

    def _lines(self, piece: bytes) -> list[Line]:
        return [read_line(line, SOURCE) for line in self._splitter.feed(piece)]


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return -1
