"""What Torpor remembers on a workload itself: the replica count that a sleep took, the last access, the phase."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from torpor.words import Phase

REPLICAS = "torpor.dev/replicas"
LAST_ACCESS = "torpor.dev/last-access"
PHASE = "torpor.dev/phase"
WRITTEN = (REPLICAS, LAST_ACCESS, PHASE)
"""The annotations that Torpor writes."""

MOST_REPLICAS = 100_000


@dataclass(frozen=True, slots=True)
class Remembered:
    """As read; None where it is absent or makes no sense, which is in doubt and never an error."""

    replicas: int | None = None
    last_access: float | None = None
    """Unix seconds."""
    phase: Phase | None = None

    def written(self) -> dict[str, str]:
        """The annotations that say so. What is None is not written."""
        said: dict[str, str] = {}
        if self.replicas is not None:
            said[REPLICAS] = str(self.replicas)
        if self.last_access is not None:
            moment = datetime.fromtimestamp(self.last_access, UTC)
            said[LAST_ACCESS] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if self.phase is not None:
            said[PHASE] = self.phase.value
        return said


def read_remembered(annotations: Mapping[str, str]) -> Remembered:
    """What stands in the annotations."""
    return Remembered(
        _replicas(annotations.get(REPLICAS, "")),
        _moment(annotations.get(LAST_ACCESS, "")),
        _phase(annotations.get(PHASE, "")),
    )


def _replicas(written: str) -> int | None:
    if len(written) <= 6 and written.isascii() and written.isdecimal() and 0 < int(written) <= MOST_REPLICAS:
        return int(written)
    return None


def _moment(written: str) -> float | None:
    try:
        moment = datetime.fromisoformat(written) if len(written) <= 40 else None
        return moment.timestamp() if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _phase(written: str) -> Phase | None:
    return Phase(written) if written in Phase else None
