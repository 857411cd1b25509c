"""What an order has come to so far, and what there is to follow until it is rolled out."""

from dataclasses import dataclass

from scaler.applier.catalogue import Target
from scaler.applier.order import Order
from scaler.applier.report import Report
from scaler.applier.writing import Written


@dataclass(frozen=True, slots=True)
class Applied:
    """What was applied, and what there is to follow."""

    report: Report
    order: Order
    course: tuple[tuple[Target, Written, frozenset[str]], ...] = ()
    """Each with the pods that there were before."""
