"""What an order has come to so far, and what there is to follow until it is rolled out: without its manifests, for
there may be an hour to wait."""

from dataclasses import dataclass

from scaler.applier.report import Report
from scaler.runtimes.kubernetes.api.kinds import Kind
from torpor.words import AppId


@dataclass(frozen=True, slots=True)
class Workload:
    """One that was applied."""

    kind: Kind
    app: AppId
    generation: int
    asleep: bool
    """It has no replicas."""
    old: frozenset[str]
    """The uids of the pods that it had before."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What was applied, and what there is to follow."""

    report: Report
    seconds: float = 0.0
    """How long to follow it at most; 0 is not at all."""
    wake: bool = False
    workloads: tuple[Workload, ...] = ()
