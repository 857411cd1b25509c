"""A listener for a watch whose field selector finds one object."""

import logging
from collections.abc import Callable, Sequence

from scaler.runtimes.kubernetes.api.cluster import Json
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.watch import Key

logger = logging.getLogger(__name__)


class One:
    """`saw` is told how it is now; None: there is none. Trouble is logged once, as that `what` is not known."""

    def __init__(self, what: str, saw: Callable[[Json | None], None]) -> None:
        self._what = what
        self._saw = saw
        self._trouble = ""

    def replaced(self, items: Sequence[Json], gone: Sequence[Key]) -> None:
        """See `watch.Listener`; so for the others."""
        self._saw(items[0] if items else None)

    def changed(self, item: Json) -> None:
        """It is new, or not as it was."""
        self._saw(item)

    def gone(self, key: Key) -> None:
        """It is no more."""
        self._saw(None)

    def synced(self) -> None:
        """Changes are told again."""
        self._trouble = ""

    def out_of_touch(self, since: float, error: ApiError) -> None:
        """They are not."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            logger.warning("%s is not known: %s", self._what, error)
