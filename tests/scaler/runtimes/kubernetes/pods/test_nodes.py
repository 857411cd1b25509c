"""Nodes that are lost."""

from typing import Any

import pytest

from scaler.runtimes.kubernetes.objects.reading import Malformed
from scaler.runtimes.kubernetes.pods.nodes import Node, read_node


def node(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "n1"}, "status": {"conditions": list(conditions)}}


@pytest.mark.parametrize(
    ("source", "lost"),
    [
        (node({"type": "Ready", "status": "True"}), None),
        (node(), None),
        (
            node({"type": "Ready", "status": "Unknown", "message": "Kubelet stopped posting node status."}),
            "Kubelet stopped posting node status.",
        ),
        (node({"type": "Ready", "status": "False", "reason": "KubeletNotReady"}), "KubeletNotReady"),
        (node({"type": "Ready"}), "it does not say why"),
    ],
)
def test_a_node_that_is_not_ready_is_lost(source: object, lost: str | None) -> None:
    assert read_node(source) == Node("n1", lost)


def test_a_node_without_a_name_is_malformed() -> None:
    with pytest.raises(Malformed):
        read_node({})
