"""How many orders are under way: few that change something, and many more that only wait for what they have changed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scaler.api.problems import Problem

AT_ONCE = 20
"""Orders that change something,"""
MOST = 200
"""and all that are under way,"""
MOST_BYTES = 32 * 1024 * 1024
"""with what they have sent together, in bytes."""
AGAIN = {"Retry-After": "5"}


class Places:
    """`with places.taken(size) as changed: …`; `changed()` says that nothing more is changed from then on."""

    def __init__(self) -> None:
        self._changing = self._all = self._bytes = 0

    @contextmanager
    def taken(self, size: int) -> Iterator[Callable[[], None]]:
        """For an order of so many bytes. Raises Problem where there is no place."""
        if self._changing >= AT_ONCE:
            raise Problem(503, f"{AT_ONCE} sets are being changed already; try again.", AGAIN)
        if self._all >= MOST or self._bytes + size > MOST_BYTES:
            raise Problem(503, f"{self._all} orders are under way already; try again.", AGAIN)
        changing = True

        def changed() -> None:
            nonlocal changing
            self._changing -= changing
            changing = False

        self._changing += 1
        self._all += 1
        self._bytes += size
        try:
            yield changed
        finally:
            changed()
            self._all -= 1
            self._bytes -= size
