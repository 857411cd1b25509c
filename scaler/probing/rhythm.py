"""How often apps that start are probed: one alone nearly without a pause, many together no more than is to spare.

A look at a port where nobody listens costs two or three tenths of a millisecond, so all together take a twentieth of a
core.
"""

import contextlib
from collections.abc import Iterator

SHORTEST = 0.005
"""Seconds from one probe to the next, for each app that is being probed."""
LONGEST = 0.05
"""However many there are; and for an app that has taken long already, which is not worth as much of the processor."""
ANSWERING = 0.02
"""At the least, once the app answers, though not yet well: each question is work for it."""
LATER = 10.0
"""Seconds after which an app has taken long."""


class Rhythm:
    """Shared by all apps that start."""

    def __init__(self, *, least: float = 0.0, share: float = 0.0) -> None:
        """Seconds from one probe to the next: never less than `least`, nor than a `share` for each that is probed."""
        self._least = least
        self._share = share
        self._probed = 0

    @contextlib.contextmanager
    def probed(self) -> Iterator[None]:
        """One more app, for the length of the block."""
        self._probed += 1
        try:
            yield
        finally:
            self._probed -= 1

    def period(self, elapsed: float, *, answers: bool) -> float:
        """Seconds until the next probe of an app that has been probed for `elapsed` seconds."""
        period = LONGEST
        if elapsed <= LATER:
            period = min(LONGEST, max(ANSWERING if answers else 0.0, SHORTEST * self._probed))
        return max(period, self._least, self._share * self._probed)
