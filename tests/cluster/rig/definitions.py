"""Kinds that a cluster has for a while: as their makers define them, or one of a test's own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.cluster.programs import definitions
from tests.cluster.rig.access import Access
from tests.cluster.rig.api import RefusedError
from tests.cluster.rig.until import until

type Tree = dict[str, Any]

GATEWAY_API = (
    "gateway.networking.k8s.io/v1/httproutes",
    "gateway.networking.k8s.io/v1/gateways",
    "gateway.networking.k8s.io/v1beta1/referencegrants",
)
MONITORING = ("monitoring.coreos.com/v1/servicemonitors", "monitoring.coreos.com/v1/prometheusrules")
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SOON = 60.0


@contextmanager
def gateway_api(cluster: Access) -> Iterator[None]:
    """The kinds of the Gateway API that matter here. Other tests want a cluster without."""
    with _made(cluster, definitions.GATEWAY_API, GATEWAY_API):
        yield


@contextmanager
def monitoring(cluster: Access) -> Iterator[None]:
    """The kinds by which Prometheus is told what to scrape and what to warn of."""
    with _made(cluster, definitions.MONITORING, MONITORING):
        yield


@contextmanager
def scalable(cluster: Access, group: str) -> Iterator[None]:
    """`rollouts` of a group, in the style of Argo's: a scale subresource, a status of its own, and any spec."""
    any_object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    count = {"type": "object", "properties": {"replicas": {"type": "integer"}}}
    part = any_object | count
    scale = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": part, "status": part}}},
        "subresources": {"scale": scale, "status": {}},
    }
    names = {"plural": "rollouts", "singular": "rollout", "kind": "Rollout"}
    made = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"rollouts.{group}"},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [version]},
    }
    with defined(cluster, [made], [f"{group}/v1alpha1/rollouts"]):
        yield


@contextmanager
def _made(cluster: Access, maker: definitions.Maker, served: Sequence[str]) -> Iterator[None]:
    with defined(cluster, definitions.definitions(maker, *(kind.rpartition("/")[2] for kind in served)), served):
        yield


@contextmanager
def defined(cluster: Access, made: Sequence[Tree], served: Sequence[str]) -> Iterator[None]:
    """These definitions, until what they define is served, and at the end until it is not any more."""
    api = cluster.api
    names = {definition["metadata"]["name"] for definition in made}

    def all_served() -> bool:
        try:
            return all(api.find(f"/apis/{kind}") for kind in served) and names <= known(cluster)
        except RefusedError:  # a new one says at first that it is being made ready
            return False

    def none_served() -> bool:
        try:
            return not any(api.find(f"/apis/{kind}") for kind in served)
        except RefusedError:  # one that goes, at last that it is being taken down
            return False

    for definition in made:
        api.create(DEFINITIONS, definition)
    try:
        until(all_served, SOON, f"{served}")
        yield
    finally:
        for name in names:
            api.delete(f"{DEFINITIONS}/{name}")
        until(none_served, SOON, f"the end of {served}")


def known(cluster: Access) -> set[str]:
    """The kinds of which the API server tells, which it does a moment later than it serves them."""
    try:
        return set(cluster.kubectl("api-resources", "-o", "name").split())
    except AssertionError:  # of one that is new it may not know enough yet
        return set()
