"""Starts that fail in a real cluster fail at once, with the cluster's own words; those that may succeed go on."""

import contextlib
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from scaler.runtimes.kubernetes.pods.nodes import read_node
from scaler.runtimes.kubernetes.pods.pod import read_pod
from scaler.runtimes.kubernetes.pods.progress import Failed, Progress
from tests.cluster.pods.telling import SOON, Telling
from tests.cluster.rig.api import path
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.images import BUSYBOX
from tests.cluster.rig.manifests import deployment
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until

type Tree = dict[str, Any]

LATER = {
    "ErrImagePull: ": ("ImagePullBackOff: ", "ErrImagePull: "),
    "RunContainerError: ": ("CrashLoopBackOff: ", "(StartError)"),
}
"""What the kubelet says of the same fault a few seconds later: how that begins, and what is in it."""


def app(name: str, container: Tree | None = None, pod: Tree | None = None, **more: Any) -> Tree:
    """The tests' app with something wrong about its container or its pod; 0 replicas."""
    made = deployment(name, **more)
    spec = made["spec"]["template"]["spec"]
    spec |= {"terminationGracePeriodSeconds": 0} | (pod or {})
    spec["containers"][0] |= container or {}
    return made


def start(space: Space, manifest: Tree, plural: str = "deployments") -> Telling:
    space.apply(manifest)
    space.scale(manifest["metadata"]["name"], 1, plural)
    return Telling(space, manifest["metadata"]["name"], plural)


def busybox(*command: str) -> Tree:
    return {"image": BUSYBOX, "command": [*command], "readinessProbe": None}


def test_what_is_wrong_with_a_container_is_told_at_once(namespace: Space) -> None:
    """All in one cluster's time: each takes as long as a pod takes to come."""
    tellings = {
        words: start(namespace, app(f"web-{number}", container))
        for number, (container, words) in enumerate(
            [
                ({"image": "registry.invalid/web:1", "imagePullPolicy": "Always"}, "ErrImagePull: "),
                ({"image": "torpor.test/nothing:1"}, "ErrImageNeverPull: Container image "),
                ({"image": "Not A Name"}, "InvalidImageName: "),
                ({"envFrom": [{"configMapRef": {"name": "lost"}}]}, 'CreateContainerConfigError: configmap "lost" not'),
                ({"command": ["/no/such/program"]}, "RunContainerError: "),
            ]
        )
    }
    reasons = dict.fromkeys(tellings, "")

    def all_failed() -> bool:
        """Each is looked at in turn, so that none waits until the kubelet has other words for it."""
        for words, telling in tellings.items():
            reasons[words] = reasons[words] or telling.failed()
        return all(reasons.values())

    until(all_failed, SOON, lambda: str(reasons))
    for words, reason in reasons.items():
        later = LATER.get(words)
        assert reason.startswith(words) or (later and reason.startswith(later[0]) and later[1] in reason), reasons


@pytest.mark.parametrize(
    ("command", "code"), [(("sh", "-c", "exit 3"), "3 (Error)"), (("true",), "0 (Completed)")], ids=["crash", "end"]
)
def test_an_app_that_ends_twice_has_failed(namespace: Space, command: tuple[str, ...], code: str) -> None:
    telling = start(namespace, app("web", busybox(*command)))
    assert telling.failure().endswith(f"container app ended 2 times, the last time with exit code {code}")


def test_an_init_container_that_ends_badly_twice_has_failed(namespace: Space) -> None:
    init = {"name": "migrate", "image": BUSYBOX, "imagePullPolicy": "Never", "command": ["sh", "-c", "exit 7"]}
    telling = start(namespace, app("web", pod={"initContainers": [init]}))
    assert telling.failure().endswith("init container migrate ended 2 times, the last time with exit code 7 (Error)")


def test_an_init_container_that_takes_its_time_is_told(namespace: Space) -> None:
    init = {"name": "migrate", "image": BUSYBOX, "imagePullPolicy": "Never", "command": ["sleep", "600"]}
    start(namespace, app("web", pod={"initContainers": [init]})).says("init container migrate")


def test_a_pod_that_is_prepared_is_told_what_it_lacks(namespace: Space) -> None:
    volume = {"name": "settings", "configMap": {"name": "lost"}}
    mount = {"volumeMounts": [{"name": "settings", "mountPath": "/settings"}]}
    start(namespace, app("web", mount, {"volumes": [volume]})).says("FailedMount: MountVolume.SetUp failed for volume")


def test_a_pod_for_which_there_is_no_room_fails_after_a_moment(namespace: Space) -> None:
    huge = {"resources": {"requests": {"cpu": "1k"}}}
    telling = start(namespace, app("web", huge))
    until(lambda: any(map(unscheduled, namespace.pods("web"))), SOON, "the scheduler's word")
    telling.began = time.monotonic()
    telling.says("waiting for a node: 0/1 nodes are available: 1 Insufficient cpu")
    assert telling.failure().startswith("Unschedulable: 0/1 nodes are available: 1 Insufficient cpu")


def unscheduled(pod: Tree) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return any(each["type"] == "PodScheduled" and each["status"] == "False" for each in conditions)


def test_a_pod_that_its_node_rejects_has_failed(namespace: Space) -> None:
    node = namespace.cluster.api.get("/api/v1/nodes")["items"][0]["metadata"]["name"]
    telling = start(namespace, app("web", {"resources": {"requests": {"cpu": "1k"}}}, {"nodeName": node}))
    try:
        assert telling.failure().startswith("OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu")
    finally:
        namespace.scale("web", 0)  # the cluster would make one after the other


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_a_quota_that_is_used_up_is_told_at_once(namespace: Space, kind: str) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small"},
        "spec": {"hard": {"pods": "0"}},
    }
    namespace.apply(quota)
    until(lambda: namespace.get("resourcequotas", "small").get("status", {}).get("used"), SOON, "the quota's count")
    telling = start(namespace, app("web", kind=kind), f"{kind.lower()}s")
    reason = telling.failure()
    assert reason.startswith("FailedCreate: ")
    assert "exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0" in reason


def test_a_pod_that_is_not_secure_enough_is_told_at_once(namespace: Space) -> None:
    label = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    namespace.cluster.api.patch(path("namespaces", name=namespace.name), label)
    assert 'violates PodSecurity "restricted:latest"' in refusal(namespace)


@contextlib.contextmanager
def denied(space: Space) -> Iterator[None]:
    """No pod is let into the namespace."""
    group, name = "admissionregistration.k8s.io/v1", f"torpor-{uuid.uuid4().hex[:8]}"
    policies, bindings = f"{group}/validatingadmissionpolicies", f"{group}/validatingadmissionpolicybindings"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": space.name}}
    api = space.cluster.api
    api.create(
        path(policies),
        {
            "metadata": {"name": name},
            "spec": {
                "matchConstraints": {"resourceRules": [rule]},
                "validations": [{"expression": "false", "message": "not on a Friday"}],
            },
        },
    )
    api.create(
        path(bindings),
        {
            "metadata": {"name": name},
            "spec": {
                "policyName": name,
                "validationActions": ["Deny"],
                "matchResources": {"namespaceSelector": here},
            },
        },
    )
    try:
        yield
    finally:
        api.delete(path(bindings, name=name))
        api.delete(path(policies, name=name))


def refusal(namespace: Space) -> str:
    """Why no pod is let in, once none is: a new rule takes a moment to hold, and until then one may slip in."""
    namespace.apply(app("web"))

    def failure() -> str:
        namespace.scale("web", 0)
        until(lambda: namespace.gone("web"), SOON, "the end of a pod that has slipped in")
        telling = Telling(namespace, "web")
        namespace.scale("web", 1)
        until(lambda: namespace.pods("web") or isinstance(telling.look(), Failed), SOON, "a pod, or none")
        now = telling.look()
        return now.reason if isinstance(now, Failed) else ""

    return until(failure, SOON, "a refusal")


def test_a_pod_that_admission_denies_is_told_at_once(namespace: Space) -> None:
    with denied(namespace):
        reason = refusal(namespace)
    assert reason.startswith("FailedCreate: pods ")
    assert "denied request: not on a Friday" in reason


def ready(space: Space, node: str) -> bool:
    """In its own words, and with nothing that keeps pods away."""
    found = space.cluster.api.get(path("nodes", name=node))
    return read_node(found).lost is None and not found["spec"].get("taints")


def test_a_pod_on_a_node_that_is_lost_fails_after_a_moment(breakable: Cluster, namespace: Space) -> None:
    """The node's end is written by the test: the cluster itself takes most of a minute to notice it."""
    kubelet = breakable.part("kubelet")
    kubelet.freeze()
    telling = start(namespace, app("web"))
    telling.says("scheduled on ")
    [node] = breakable.api.get(path("nodes"))["items"]
    name = node["metadata"]["name"]
    lost = {"status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
    conditions = [each | (lost if each["type"] == "Ready" else {}) for each in node["status"]["conditions"]]
    breakable.api.patch(path("nodes", None, name, "status"), {"status": {"conditions": conditions}})

    assert telling.failure() == f"node {name} is not ready: Kubelet stopped posting node status."

    kubelet.thaw()
    until(lambda: ready(namespace, name), SOON, "the node's return")


def test_a_broken_deploy_beside_a_pod_that_works_fails_nothing(namespace: Space) -> None:
    telling = start(namespace, app("web"))
    telling.says("started")
    broken = {"containers": [{"name": "app", "image": "torpor.test/nothing:1", "imagePullPolicy": "Never"}]}
    namespace.patch("deployments", "web", {"spec": {"template": {"spec": broken}}})

    def stuck() -> bool:
        now = telling.look()
        assert isinstance(now, Progress), now
        found = [container for source in namespace.pods("web") for container in read_pod(source).containers]
        return any(container.waiting and container.waiting.reason == "ErrImageNeverPull" for container in found)

    until(stuck, SOON, "the new pod to be stuck")
    assert isinstance(telling.look(), Progress)
