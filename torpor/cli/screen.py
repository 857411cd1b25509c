"""The one thread that writes to the terminal, so that a terminal that stands still (Ctrl-S, a full pipe) never stops
the event loop. It draws the live view where there is one and writes log lines above it, else the lines alone.
"""

import logging
import os
import sys
import time
from collections import deque
from threading import Condition, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live

    from torpor.cli.board import Board

LINES = 10_000
"""Lines that wait for a slow terminal; more are dropped and counted."""
REFRESH = 0.25
"""Seconds between two frames at least: four a second."""
CLOCK = 1.0
"""Seconds between two frames at most, so that the clocks in it move."""
FAREWELL = 2.0
"""Seconds that the last lines may take."""


class Screen(logging.Handler):
    """A logging handler with a thread behind it. `board` is the live view, None for plain lines."""

    def __init__(self, board: "Board | None") -> None:
        super().__init__()
        self.board = board
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._changed = False
        self._closing = False
        self._news = Condition()
        self._thread = Thread(target=self._run, name="screen", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, soon."""
        self.say(self.format(record))

    def say(self, line: str) -> None:
        """Write a line, soon; returns at once."""
        with self._news:
            if len(self._lines) >= LINES:
                self._dropped += 1
                return
            self._lines.append(line)
            self._news.notify()

    def refresh(self) -> None:
        """The board has changed."""
        with self._news:
            self._changed = True
            self._news.notify()

    def finish(self) -> None:
        """Write what is left, take the live view away, end; a terminal that stands still does not hold us up."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(FAREWELL)

    def restore_terminal(self) -> None:
        """Show the cursor again, for an end that does not wait for anything."""
        if self.board is not None:
            show = Thread(target=os.write, args=(sys.stdout.fileno(), b"\x1b[?25h\r\n"), daemon=True)
            show.start()
            show.join(0.2)

    def _run(self) -> None:
        try:
            if self.board is None:
                self._write_lines()
            else:
                self._draw(self.board)
        except OSError:
            return  # the terminal is gone, or nobody reads the pipe; Torpor works on without being watched

    def _take(self, wait: float | None) -> tuple[list[str], bool]:
        with self._news:
            if not (self._lines or self._changed or self._closing):
                self._news.wait(wait)
            lines = list(self._lines)
            self._lines.clear()
            if self._dropped:
                lines.append(f"({self._dropped} lines were dropped: the terminal is too slow)")
                self._dropped = 0
            self._changed = False
            return lines, self._closing

    def _write_lines(self) -> None:
        closing = False
        while not closing:
            lines, closing = self._take(None)
            data = "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")
            while data:
                data = data[os.write(sys.stderr.fileno(), data) :]

    def _draw(self, board: "Board") -> None:
        from rich.console import Console
        from rich.live import Live

        # A file of its own: were this thread stuck in writing to sys.stdout, Python could not end.
        out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", errors="backslashreplace")
        console = Console(file=out, highlight=False, markup=False, emoji=False)
        live = Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        with out, live:
            closing = False
            while not closing:
                began = time.monotonic()
                lines, closing = self._take(CLOCK)
                self._frame(board, console, live, lines)
                if not closing and (rest := REFRESH - (time.monotonic() - began)) > 0:
                    time.sleep(rest)

    def _frame(self, board: "Board", console: "Console", live: "Live", lines: list[str]) -> None:
        from rich.text import Text

        if lines:
            console.print(Text("\n".join(lines)))
        width, height = console.size
        live.update(board.frame(time.time(), width, max(1, height - 1)), refresh=True)
