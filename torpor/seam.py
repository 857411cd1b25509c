"""Where an interrupted stream of lines is taken up again: what it repeats there is left out, and nothing else.

Times alone do not tell what is new. Those of a container mostly ascend, but its two outputs are written down side by
side, and a node's clock may be set back. So nothing is left out but at a seam, and there it is the place of the last
line that counts; only where that is not repeated, the first line that is later than all before.
"""


class Seam:
    """Of the lines of one source, which come in their order. With `since`, all up to then are known."""

    __slots__ = ("_newest", "last", "repeating")

    def __init__(self, since: str = "") -> None:
        self.last = self._newest = since
        """The time of the last line: from then on the stream is to be asked for again."""
        self.repeating = bool(since)
        """Whether what comes next may be known."""

    def again(self) -> None:
        """The stream begins once more, at `last` or before."""
        self.repeating = bool(self.last)

    def new(self, at: str) -> bool:
        """Whether the next line is new; of this time (see scaler/logs/line.py), which is empty where nobody knows."""
        if not at:
            return True
        if self.repeating and at <= self._newest:
            self.repeating = at != self.last
            return False
        self.repeating = False
        self.last = at
        self._newest = max(self._newest, at)
        return True
