"""What becomes of a manifest's `spec.replicas`: a pure decision over the manifest and the workload as it is.

A sleeping workload goes on sleeping: the count goes into its memory (torpor.dev/replicas), from which a wake takes it.
Whoever has applied a field once and leaves it out the next time deletes it, and the server puts its default there: for
replicas that is 1. So what is ours, and the manifest does not speak of, is said again as it is.
"""

from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.remembered import MOST_REPLICAS, REPLICAS, Remembered
from torpor.words import Phase


class Count(NamedTuple):
    """None is left out of what is applied."""

    replicas: int | None
    remembered: int | None
    asleep: bool = False


class Live(NamedTuple):
    """A workload as it is."""

    replicas: int
    remembered: Remembered
    owned: bool = False
    """Its count is ours by an earlier apply."""
    owned_memory: bool = False
    """What it remembers of its count is."""


def count(said: int | None, live: Live | None, *, managed: bool) -> Count:
    """`said` is the manifest's; `managed`: Torpor will look after the workload when this is applied."""
    if live is None:
        return Count(said, None)
    if live.replicas == 0 and managed:
        remembered = said or live.remembered.replicas
        return Count(0 if live.owned else None, remembered, asleep=True)
    if live.replicas == 0 and live.remembered.phase is Phase.ASLEEP:  # from now on nobody would wake it
        return Count(said if said is not None else live.remembered.replicas or 1, None)
    memory = live.remembered.replicas if live.owned_memory else None
    if said is None:
        return Count(live.replicas if live.owned else None, memory)
    return Count(said, memory)


def said_count(spec: object) -> int | None:
    """The replicas in the `spec` of a manifest. What is no count is left to the server to refuse."""
    found = spec.get("replicas") if isinstance(spec, dict) else None
    fine = isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= MOST_REPLICAS
    return found if fine else None


def is_memory(field: str) -> bool:
    """A field of a conflict that is the sleep's own doing."""
    return field in (".spec.replicas", f".metadata.annotations.{REPLICAS}")
