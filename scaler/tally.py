"""What an app's sleeps have saved since somebody began to count, as it is remembered where scalers come and go."""

import json
from typing import NamedTuple

from scaler.moments import parse_moment, rfc3339
from scaler.saved import Saved

LONGEST = 300
"""Characters."""
MOST = 1e30


class Tally(NamedTuple):
    """All of it."""

    saved: Saved
    since: float
    """Unix seconds."""

    def written(self) -> str:
        """For an annotation."""
        seconds, cpu, memory = (round(amount, 3) for amount in (self.saved.seconds, self.saved.cpu, self.saved.memory))
        return json.dumps({"since": rfc3339(self.since), "seconds": seconds, "cpu": cpu, "memory": memory})


def read_tally(written: str) -> Tally | None:
    """What stands there; None where it makes no sense."""
    try:
        found = json.loads(written) if len(written) <= LONGEST else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or (since := parse_moment(found.get("since"))) is None:
        return None
    amounts: list[float] = []
    for name in ("seconds", "cpu", "memory"):
        amount = found.get(name)
        if not isinstance(amount, int | float) or isinstance(amount, bool) or not 0 <= amount <= MOST:
            return None
        amounts.append(float(amount))
    return Tally(Saved(*amounts), since)
