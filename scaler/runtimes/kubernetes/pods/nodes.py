"""Nodes that are lost: a pod that is on its way on one of them waits in vain."""

from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.reading import mapping, read_meta
from scaler.runtimes.kubernetes.pods.pod import read_conditions


class Node(NamedTuple):
    """As last told."""

    name: str
    lost: str | None
    """Why it is not ready, in the cluster's words; None while it is."""


def read_node(source: object) -> Node:
    """Raises Malformed for an object without a name. A node that says nothing of itself yet is not lost."""
    ready = read_conditions(mapping(mapping(source).get("status"))).get("Ready")
    if ready is None or ready.holds:
        return Node(read_meta(source).name, None)
    return Node(read_meta(source).name, ready.why.message or ready.why.reason or "it does not say why")
