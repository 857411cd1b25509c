"""A terminal to run a command in: as much of one as it takes to read what a person would see."""

import asyncio
import fcntl
import os
import re
import struct
import sys
import termios
from collections.abc import Callable
from pathlib import Path

from tests.torpor.cli.command import DEADLINE, Torpor

_TOKEN = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")
_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes it the controlling terminal, so that its end is told as the kernel tells it."""


class Terminal:
    """A pseudo terminal with a command in it."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.raw = ""
        self._lines = [""]
        self._row = self._column = 0
        self._rest = ""
        self._ours, self._theirs = os.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.changed = asyncio.Event()

    async def run(self, torpor: Torpor, *arguments: str, cwd: Path | None = None, **env: str) -> None:
        """Start `torpor` in it."""
        inherited = {k: v for k, v in torpor.env.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _TAKE_TERMINAL, sys.executable, "-m", "torpor", *arguments),
            cwd=cwd or torpor.directory,
            env={**inherited, "TERM": "xterm-256color", **env},
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            start_new_session=True,
        )
        os.close(self._theirs)
        os.set_blocking(self._ours, False)
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    async def see(self, condition: Callable[[str], object]) -> str:
        """Wait until what is to be seen fulfils the condition; return it."""
        try:
            async with asyncio.timeout(DEADLINE):
                while not condition(self.seen):
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            raise AssertionError(f"this was to be seen to the end:\n{self.seen}") from None
        return self.seen

    @property
    def seen(self) -> str:
        """The text on it, with what has scrolled away."""
        return "\n".join(self._lines)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def hang_up(self) -> None:
        """Close it while the command runs."""
        if self._ours >= 0:
            asyncio.get_running_loop().remove_reader(self._ours)
            os.close(self._ours)
        self._ours = -1

    def _read(self) -> None:
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the command has ended
            asyncio.get_running_loop().remove_reader(self._ours)
            data = b""
        text = data.decode(errors="replace")
        self.raw += text
        self._write(self._rest + text)
        self.changed.set()

    def _write(self, text: str) -> None:
        cut = text.rfind("\x1b")
        self._rest = text[cut:] if cut >= 0 and not _TOKEN.match(text[cut:]) else ""
        for sequence, final, back, down, plain in _TOKEN.findall(text[: len(text) - len(self._rest)]):
            if final == "A":
                self._row = max(0, self._row - int(sequence or 1))
            elif final == "K":
                self._lines[self._row] = ""
            elif back:
                self._column = 0
            elif down:
                self._row, self._column = self._row + 1, 0
                if self._row == len(self._lines):
                    self._lines.append("")
            elif plain:
                line = self._lines[self._row].ljust(self._column)
                self._lines[self._row] = line[: self._column] + plain + line[self._column + len(plain) :]
                self._column += len(plain)
