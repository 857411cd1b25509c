"""What is scaled, beside Deployments: StatefulSets, and whatever else has a scale subresource."""

import json
import uuid
from typing import Any

import pytest

from tests.cluster.rig.definitions import scalable
from tests.cluster.rig.manifests import deployment, service
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import MANAGED, ingress
from tests.cluster.torpor.rollouts import controlled, rollout
from tests.cluster.torpor.running import SOON, Running, Start


@pytest.mark.timeout(300)
def test_a_stateful_set_and_a_kind_of_somebodys_own_come_back_with_their_replicas(
    namespace: Space, torpor: Start
) -> None:
    """The latter's pods are made by a controller of the test's (rollouts.py), which follows `spec.replicas` with a
    ReplicaSet. The rights are those of examples/kubernetes, with the two rules more that are named there."""
    group = f"g{uuid.uuid4().hex[:6]}.example.org"
    kind = f"{group}/v1alpha1/rollouts"
    namespace.apply(deployment("db", kind="StatefulSet", replicas=2, labels=MANAGED), headless("db"), leads_to("db"))
    with scalable(namespace.cluster, group):
        namespace.apply(rollout("web", group, replicas=2, labels=MANAGED), service("web"), leads_to("web"))
        settings = {"kubernetes": {"scalable": [f"rollouts.{group}"]}}
        with controlled(namespace, "web", group), torpor(settings) as running:
            slept_and_woken(namespace, running, "db", "statefulsets")
            slept_and_woken(namespace, running, "web", kind)
            if namespace.cluster.mine:
                through_scale_alone(namespace, running)


def slept_and_woken(namespace: Space, running: Running, name: str, kind: str) -> None:
    until(lambda: len(namespace.ready(name)) == 2, SOON, "two pods")
    assert running.until_visit(f"{name}.test", 200)
    running.sleep(name)
    written = namespace.get(kind, name)["metadata"]["annotations"]
    assert (namespace.replicas(name, kind), written["torpor.dev/replicas"]) == (0, "2")
    until(lambda: not namespace.all("pods", labelSelector=f"app={name}"), SOON, "no pods")

    status, _, body = running.visit(f"{name}.test", "/hello")

    assert (status, json.loads(body)["path"]) == (200, "/hello")
    assert namespace.replicas(name, kind) == 2
    until(lambda: len(namespace.ready(name)) == 2, SOON, "two pods")


def through_scale_alone(namespace: Space, running: Running) -> None:
    """As the audit log has it, which may lag. A write that is refused, because a status has moved, is made again."""
    audit = namespace.cluster.audit

    def written(resource: str) -> list[Any]:
        calls = audit.writes(user=running.user, namespace=namespace.name)
        return [call.sent for call in calls if call.resource == resource and call.status < 400]

    until(lambda: len(written("rollouts/scale")) >= 2, SOON, "both writes in the log")
    assert [sent["spec"]["replicas"] for sent in written("rollouts/scale")] == [0, 2]
    others = written("rollouts")
    assert others
    assert all(sent.keys() == {"metadata"} for sent in others)


def headless(name: str) -> dict[str, Any]:
    made = service(name)
    return made | {"spec": made["spec"] | {"clusterIP": "None"}}


def leads_to(name: str) -> dict[str, Any]:
    return ingress(name, f"{name}.test")
