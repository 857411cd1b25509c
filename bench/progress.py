"""Says on stderr what runs now, so that nobody wonders during the minutes that a full run takes."""

import sys
import time


class Progress:
    """Counts the steps of all benches together."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._began = time.monotonic()

    def step(self, what: str) -> None:
        """The next step begins."""
        self._done += 1
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        width = len(str(self._total))
        print(f"[{self._done:{width}}/{self._total} {minutes}:{seconds:02}] {what}", file=sys.stderr, flush=True)
