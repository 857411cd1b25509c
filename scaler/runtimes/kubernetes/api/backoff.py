"""How long to wait before the API server is asked again: longer each time, and not all of us at once."""

import random

from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable

FIRST = 0.1
LONGEST = 10.0
LONGEST_UNREACHABLE = 2.0
"""Seconds between two tries while nobody answers: that costs nobody anything, and visits wait for the answer."""


class BackOff:
    """Doubles from `FIRST` with jitter, until `reset`."""

    def __init__(self) -> None:
        self._failures = 0
        self._unreachable = False

    def reset(self) -> None:
        """It went well."""
        self._failures = 0

    def after(self, error: ApiError) -> float:
        """Seconds to wait after one more error in a row."""
        unreachable = isinstance(error, Unreachable)
        if unreachable != self._unreachable:
            self._failures, self._unreachable = 0, unreachable  # it answers now, if not as hoped: a new row
        longest = LONGEST_UNREACHABLE if unreachable else LONGEST
        pause = min(longest, FIRST * 2.0 ** min(self._failures, 16))
        self._failures += 1
        pause *= random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
        return max(pause, min(LONGEST, error.retry_after or 0.0))
