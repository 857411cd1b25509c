"""What Torpor remembers on a workload itself: the replica count that a sleep took, the last access, the phase, and what
its sleeps have saved."""

from collections.abc import Mapping
from dataclasses import dataclass

from scaler.moments import parse_moment, rfc3339
from scaler.tally import Tally, read_tally
from torpor.words import Phase

REPLICAS = "torpor.dev/replicas"
LAST_ACCESS = "torpor.dev/last-access"
PHASE = "torpor.dev/phase"
ASLEEP_SINCE = "torpor.dev/asleep-since"
SAVED = "torpor.dev/saved"
WRITTEN = (REPLICAS, LAST_ACCESS, PHASE, ASLEEP_SINCE, SAVED)
"""The annotations that Torpor writes."""

MOST_REPLICAS = 100_000


@dataclass(frozen=True, slots=True)
class Remembered:
    """As read; None where it is absent or makes no sense, which is in doubt and never an error."""

    replicas: int | None = None
    last_access: float | None = None
    """Unix seconds."""
    phase: Phase | None = None
    asleep_since: float | None = None
    """Unix seconds, of the sleep that lasts."""
    saved: Tally | None = None
    """By the sleeps before that one."""

    def written(self) -> dict[str, str | None]:
        """The annotations that say so, and None for one to take away. What is None here is not written."""
        said: dict[str, str | None] = {}
        if self.replicas is not None:
            said[REPLICAS] = str(self.replicas)
        if self.last_access is not None:
            said[LAST_ACCESS] = rfc3339(self.last_access)
        if self.phase is not None:
            said[PHASE] = self.phase.value
        if self.asleep_since is not None:
            said[ASLEEP_SINCE] = rfc3339(self.asleep_since)
        elif self.phase is Phase.AWAKE:
            said[ASLEEP_SINCE] = None
        if self.saved is not None:
            said[SAVED] = self.saved.written()
        return said


def read_remembered(annotations: Mapping[str, str]) -> Remembered:
    """What stands in the annotations."""
    return Remembered(
        _replicas(annotations.get(REPLICAS, "")),
        parse_moment(annotations.get(LAST_ACCESS)),
        _phase(annotations.get(PHASE, "")),
        parse_moment(annotations.get(ASLEEP_SINCE)),
        read_tally(annotations.get(SAVED, "")),
    )


def _replicas(written: str) -> int | None:
    if len(written) <= 6 and written.isascii() and written.isdecimal() and 0 < int(written) <= MOST_REPLICAS:
        return int(written)
    return None


def _phase(written: str) -> Phase | None:
    return Phase(written) if written in Phase else None
