"""What a cluster offers, with a kind of somebody's own in it."""

import uuid

import pytest

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.kinds import (
    AUTOSCALERS,
    DEPLOYMENTS,
    HTTP_ROUTES,
    PODS,
    SCALED_OBJECTS,
    Kind,
    NotScalable,
    offer,
)
from tests.cluster.rig.cluster import Cluster as Rig
from tests.cluster.rig.definitions import defined
from tests.cluster.rig.space import Space


def definition(plural: str, kind: str, group: str, **more: object) -> dict[str, object]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "scope": "Namespaced",
            "versions": [
                {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}} | more
            ],
        },
    }


async def test_what_every_cluster_has_and_what_only_some_have(api: Cluster) -> None:
    found = await offer(api)
    assert await found.first((PODS,)) == PODS
    assert await found.first((AUTOSCALERS,)) == AUTOSCALERS
    assert await found.first(HTTP_ROUTES) is None
    assert await found.first(SCALED_OBJECTS) is None


async def test_a_kind_with_a_scale_subresource_is_found_by_its_name(
    control_plane: Rig, api: Cluster, space: Space
) -> None:
    group = f"g{uuid.uuid4().hex[:6]}.example.org"
    scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    made = [
        definition("rollouts", "Rollout", group, subresources={"scale": scale}),
        definition("analyses", "Analysis", group),
    ]
    with defined(control_plane, made, [f"{group}/v1alpha1/{plural}" for plural in ("rollouts", "analyses")]):
        found = await offer(api)
        assert await found.scalable("deployments.apps") == DEPLOYMENTS
        kind = await found.scalable(f"rollouts.{group}")
        assert kind == Kind(group, "v1alpha1", "rollouts", "Rollout")
        with pytest.raises(NotScalable, match="without a scale subresource"):
            await found.scalable(f"analyses.{group}")
        await api.create(kind, space.name, {"metadata": {"name": "web"}, "spec": {"replicas": 1}})
        await api.patch(kind, space.name, "web", {"spec": {"replicas": 3}}, subresource="scale")
        assert (await api.get(kind, space.name, "web"))["spec"]["replicas"] == 3
