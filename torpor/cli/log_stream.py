"""The lines of an app as they are written, over lost connections: each told once.

A stream that was lost is asked for again from a little before the last line on, for times come from several machines;
of each container what is repeated then is left out.
"""

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from torpor.cli.api import Api, app_path
from torpor.cli.failure import Failed, Refused
from torpor.seam import Seam

OVERLAP = 10.0
"""Seconds that the clocks of an app's machines may differ."""
PAUSES = (0.2, 3.0)
"""Seconds until a lost stream is asked for again: the first pause, doubled up to the last."""
GIVE_UP = 600.0
"""Seconds without a stream until it is given up."""
MOST_SOURCES = 1_000
"""Containers that are remembered."""


def follow(api: Api, app: str, lines: int, tell: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """The last `lines` of each container and all that follow, as the API has them; `tell` tells people of what is lost
    and found. Goes on for ever. Raises Failed when it cannot begin, or not again."""
    seen, query, pauses = Seen(), f"follow=1&lines={lines}", _Pauses()
    while True:
        try:
            for said in api.lines(f"{app_path(app)}/logs?{query}"):
                if pauses.over():
                    tell("connected again")
                if seen.new(said):
                    yield said
            raise Failed("the stream has ended")
        except Failed as error:
            if not seen.now or (isinstance(error, Refused) and error.status < 500):
                raise
            if pauses.begin():
                tell(f"{error.message}; asking again")
            pauses.wait(error)
            seen.again()
            query = f"follow=1&lines=0&since={quote(seen.since, safe=':')}"


class Seen:
    """What has been told already."""

    def __init__(self) -> None:
        self._seams: dict[tuple[object, object], Seam] = {}
        self._newest = ""
        self.now = ""
        """The time there, when it was last told."""

    @property
    def since(self) -> str:
        """From when on there may be lines that have not been told."""
        if not self._newest:
            return self.now
        try:
            at = datetime.fromisoformat(self._newest) - timedelta(seconds=OVERLAP)
        except (ValueError, OverflowError):
            return self.now
        return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def again(self) -> None:
        """The stream begins once more, at `since` or before."""
        for seam in self._seams.values():
            seam.again()

    def new(self, said: dict[str, Any]) -> bool:
        """Whether this is to be told; a line without a time always is."""
        if "now" in said:
            self.now = str(said["now"])
            return False
        at = said.get("at")
        if not isinstance(at, str) or not at:
            return True
        source = said.get("pod"), said.get("container")
        seam = self._seams.pop(source, None) or Seam()
        self._seams[source] = seam  # to the end: in front is who has been silent for longest
        self._newest = max(self._newest, at)
        if len(self._seams) > MOST_SOURCES:
            del self._seams[next(iter(self._seams))]
        return seam.new(at)


class _Pauses:
    """Between two tries."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._next = PAUSES[0]

    def begin(self) -> bool:
        """The stream is lost; whether that is news."""
        if self._since is not None:
            return False
        self._since, self._next = time.monotonic(), PAUSES[0]
        return True

    def over(self) -> bool:
        """There is a stream; whether that is news."""
        lost, self._since = self._since is not None, None
        return lost

    def wait(self, error: Failed) -> None:
        """Until the next try. Raises the error when there have been enough."""
        if self._since is not None and time.monotonic() - self._since > GIVE_UP:
            raise error
        time.sleep(self._next * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
        self._next = min(PAUSES[1], 2 * self._next)
