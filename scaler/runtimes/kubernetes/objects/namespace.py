"""A namespace: its labels opt its workloads in, and listeners of Gateways select on them."""

from collections.abc import Mapping
from dataclasses import dataclass

from scaler.runtimes.kubernetes.objects.reading import KindOf, Ref, read_meta, read_ref


@dataclass(frozen=True, slots=True)
class Namespace:
    """One namespace."""

    ref: Ref
    labels: Mapping[str, str]


def read_namespace(kind: KindOf, source: object) -> Namespace:
    """Raises Malformed."""
    meta = read_meta(source)
    return Namespace(read_ref(kind, meta), meta.labels)
