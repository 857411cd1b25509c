"""An app's output on disk, bounded: the file and one older file beside it, together never above the limit.

Each line has the time in front at which it came, as `scaler.logs.line` reads it: UTC with nine digits behind the point,
and always later than the line before. A line that goes on in the next file has none there.
"""

import os
import time
from contextlib import suppress

NOTE = "--- torpor: "
"""How a line begins that Torpor wrote itself."""


class LogFile:
    """Appends to `path`; when that is half of `limit` bytes, it becomes `path.1` and a new one begins."""

    def __init__(self, path: str, limit: int) -> None:
        """Raises OSError when the file cannot be opened."""
        self._path = path
        self._half = limit // 2
        self._lost = 0
        self._file = -1
        self._midway = False
        """The last line has no end yet."""
        self._last = 0
        """The time of the last line, in nanoseconds."""
        self._second = (0, b"")
        self._size = 0
        self._open()

    def note(self, text: str) -> None:
        """Write a line of Torpor's own. Raises OSError."""
        printable = "".join(sign if sign.isprintable() else " " for sign in text)[:1000]
        line = f"{NOTE}{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {printable}\n".encode()
        self._append((b"\n" if self._midway else b"") + self._time() + line)
        self._midway = False

    def keep(self, output: bytes) -> None:
        """Store output. What cannot be stored is counted, and the count noted once writing works again."""
        try:
            if self._lost:
                self.note(f"{self._lost} bytes of output were lost: this file could not be written")
                self._lost = 0
            # Of more than the limit only the end would survive the rotations.
            self._append(self._stamped(output[-2 * self._half :]))
        except OSError:
            self._lost += len(output)

    def close(self) -> None:
        """Give the file back."""
        if self._midway:
            with suppress(OSError):
                os.write(self._file, b"\n")
            self._midway = False
        self._release()

    def _stamped(self, output: bytes) -> bytes:
        first, *others = output.split(b"\n")
        begun = [first if self._midway or not (first or others) else self._time() + first]
        begun += [self._time() + line for line in others[:-1]]
        if others:
            begun.append(self._time() + others[-1] if others[-1] else b"")
        self._midway = bool(others[-1]) if others else bool(first) or self._midway
        return b"\n".join(begun)

    def _time(self) -> bytes:
        self._last = max(self._last + 1, time.time_ns())
        second, rest = divmod(self._last, 1_000_000_000)
        if self._second[0] != second:
            self._second = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
        return b"%s.%09dZ " % (self._second[1], rest)

    def _release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _append(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            room = self._half - self._size
            if room <= 0:
                self._rotate()
                continue
            written = os.write(self._file, rest[:room])
            self._size += written
            rest = rest[written:]

    def _rotate(self) -> None:
        with suppress(FileNotFoundError):  # somebody may have tidied up
            os.replace(self._path, f"{self._path}.1")  # noqa: PTH105 - pathlib is slow to load
        self._release()
        self._open()

    def _open(self) -> None:
        os.makedirs(os.path.dirname(self._path) or ".", mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 - as above
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOCTTY, 0o600)
        self._size = os.fstat(self._file).st_size
