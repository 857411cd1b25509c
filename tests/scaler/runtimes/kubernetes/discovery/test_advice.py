import pytest

from scaler.runtimes.kubernetes.discovery.found import Reason
from tests.scaler.runtimes.kubernetes.cluster_objects import (
    DEPLOYMENTS,
    ROLLOUTS,
    Json,
    annotated,
    deployment,
    meta,
)
from tests.scaler.runtimes.kubernetes.discovery.conftest import Cluster


@pytest.mark.parametrize(
    ("probe", "notes"),
    [
        ({"httpGet": {"port": 80}}, set()),
        ({"exec": {"command": ["true"]}}, {Reason.EXEC_PROBE}),
        (None, {Reason.NO_PROBE}),
    ],
)
def test_probes_that_slow_wakes_down_or_are_missing_are_noted(
    cluster: Cluster, probe: Json | None, notes: set[Reason]
) -> None:
    cluster.put(DEPLOYMENTS, deployment(probe=probe))
    assert cluster.notes() == notes


def test_a_ready_path_stands_in_for_a_probe(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment(annotations=annotated(ready_path="/up")))
    assert cluster.notes() == set()


def test_a_gitops_owner_is_a_note_until_it_holds_the_count(cluster: Cluster) -> None:
    source = deployment()
    source["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"] = "apps"
    cluster.put(DEPLOYMENTS, source)
    assert Reason.GITOPS in cluster.notes()
    fields = {"f:spec": {"f:replicas": {}}}
    held = source | {
        "metadata": source["metadata"] | {"managedFields": [{"manager": "kustomize-controller", "fieldsV1": fields}]}
    }
    cluster.put(DEPLOYMENTS, held)
    assert Reason.GITOPS in cluster.reasons("web")
    (told,) = (problem for problem in cluster.problems if problem.reason is Reason.GITOPS)
    assert "path: /spec/replicas" in told.fix


def test_a_workload_whose_pods_nobody_can_tell_is_reported(cluster: Cluster) -> None:
    cluster.put(ROLLOUTS, {"metadata": meta("web", labels={"torpor.dev/managed": "true"}), "spec": {}})
    assert Reason.NO_PODS in cluster.reasons("web")


def test_each_problem_says_what_to_do(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment(annotations=annotated(hold="x", keep_awake="09:00-10:00 UTC", needs="b")))
    assert all(problem.fix and problem.fix[0].isupper() for problem in cluster.problems)


def test_what_is_left_asleep_when_its_label_goes_is_told_with_the_way_back(cluster: Cluster) -> None:
    asleep = annotated(replicas="3", phase="asleep")
    cluster.put(DEPLOYMENTS, deployment(annotations=asleep, replicas=0))
    assert Reason.LEFT_ASLEEP not in cluster.reasons()
    cluster.put(DEPLOYMENTS, deployment(annotations=asleep, replicas=0, managed=None))
    (told,) = (problem for problem in cluster.problems if problem.reason is Reason.LEFT_ASLEEP)
    assert told.fix == "kubectl --namespace shop scale deployments/web --replicas=3"
    cluster.put(DEPLOYMENTS, deployment(annotations=asleep, replicas=3, managed=None))
    assert not list(cluster.problems)


def test_the_way_back_of_what_only_its_group_tells_apart_names_the_group(cluster: Cluster) -> None:
    about = meta("web", annotations=annotated(replicas="2", phase="asleep"))
    cluster.put(ROLLOUTS, {"metadata": about, "spec": {"replicas": 0}})
    (told,) = (problem for problem in cluster.problems if problem.reason is Reason.LEFT_ASLEEP)
    assert told.fix == "kubectl --namespace shop scale rollouts.argoproj.io/web --replicas=2"


def test_annotations_without_the_label_are_noted(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment(annotations=annotated(idle_timeout="5m"), managed=None))
    assert cluster.notes() == {Reason.NOT_MANAGED}
    cluster.put(DEPLOYMENTS, deployment(annotations=annotated(idle_timeout="5m"), managed="false"))
    assert cluster.notes() == set()
