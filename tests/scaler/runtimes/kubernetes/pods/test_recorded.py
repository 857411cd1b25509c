"""What a real cluster (Kubernetes 1.36) told of starts that failed, and of some that did not, step by step."""

import json
from pathlib import Path
from typing import Any

import pytest

from scaler.runtimes.kubernetes.pods.notes import read_note
from scaler.runtimes.kubernetes.pods.pod import observed_conditions, read_pod
from scaler.runtimes.kubernetes.pods.progress import Failed, Progress, progress
from scaler.runtimes.kubernetes.pods.stages import GRACE, Scene

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return found


def story(name: str) -> tuple[list[str], str | None]:
    """What is said of the first pod step by step, and why it fails, if so."""
    stages: list[str] = []
    for source in recorded(name)["pods"]:
        now = progress(Scene([read_pod(source)], 1.0))
        if isinstance(now, Failed):
            return stages, now.reason
        if stages[-1:] != [now.stage]:
            stages.append(now.stage)
    return stages, None


@pytest.mark.parametrize(
    ("name", "then", "failure"),
    [
        ("healthy", ["started"], None),
        ("initslow", ["init container migrate"], None),
        ("volume", [], None),
        ("unpullable", [], 'ErrImagePull: failed to pull and unpack image "registry.invalid/team/notes:1": failed to '),
        (
            "never",
            [],
            'ErrImageNeverPull: Container image "rig.local/nothing:1" is not present with pull policy of Never',
        ),
        ("badname", [], 'InvalidImageName: Failed to apply default image tag "Not A Name": couldn\'t parse image name'),
        ("config", [], 'CreateContainerConfigError: configmap "missing" not found'),
        ("nonroot", [], "CreateContainerConfigError: container has runAsNonRoot and image will run as root"),
        (
            "nocommand",
            [],
            "RunContainerError: failed to create containerd task: failed to create shim task: OCI runtime",
        ),
        ("hook", [], 'PostStartHookError: Exec lifecycle hook ([/no/such/hook]) for Container "web" in Pod'),
        ("ends", ["started"], "container web ended 2 times, the last time with exit code 0 (Completed)"),
        (
            "crash",
            ["started", "starting web again after exit code 3", "started"],
            "container web ended 2 times, the last time with exit code 3 (Error)",
        ),
        (
            "oom",
            ["starting web again after exit code 137", "started"],
            "container web ended 2 times, the last time with exit code 137 (OOMKilled)",
        ),
        (
            "init",
            ["starting migrate again after exit code 7", "init container migrate"],
            "init container migrate ended 2 times, the last time with exit code 7 (Error)",
        ),
    ],
)
def test_the_story_of_a_pod(name: str, then: list[str], failure: str | None) -> None:
    stages, reason = story(name)
    assert stages == ["waiting for a node", "scheduled on rig-node", *then]
    assert reason == failure or (failure is not None and reason is not None and reason.startswith(failure))


@pytest.mark.parametrize(("name", "code"), [("ends", "0 (Completed)"), ("crash", "3 (Error)")])
def test_a_crash_loop_is_told_whatever_the_moment(name: str, code: str) -> None:
    pods = [read_pod(source) for source in recorded(name)["pods"]]
    looping = next(pod for pod in pods if pod.containers[0].waiting and "Crash" in pod.containers[0].waiting.reason)
    assert progress(Scene([looping], 1.0)) == Failed(
        f"CrashLoopBackOff: container web ended 2 times, the last time with exit code {code}"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "huge",
            (
                "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are "
                "available: 1 Preemption is not helpful for scheduling."
            ),
        ),
        ("claim", '0/1 nodes are available: persistentvolumeclaim "missing" not found. not found'),
    ],
)
def test_a_pod_for_which_there_is_no_room_is_given_a_moment(name: str, words: str) -> None:
    pods = [read_pod(recorded(name)["pods"][-1])]
    assert progress(Scene(pods, 1.0)) == Progress(f"waiting for a node: {words}", GRACE - 1.0)
    assert progress(Scene(pods, GRACE)) == Failed(f"Unschedulable: {words}")
    assert progress(Scene(pods, 3600.0, autoscaled=True)) == Progress(f"waiting for a node: {words}")


def test_what_the_cluster_notes_down_is_told_while_a_pod_is_prepared() -> None:
    for name, words in (
        ("unpullable", "pulling registry.invalid/team/notes:1"),
        ("volume", 'FailedMount: MountVolume.SetUp failed for volume "v" : configmap "missing" not found'),
    ):
        told = recorded(name)
        notes = [read_note(source) for source in told["notes"]]
        assert progress(Scene([read_pod(told["pods"][2])], 1.0, notes=notes)) == Progress(words)


def test_a_pod_that_its_node_rejects_may_be_followed_by_another() -> None:
    words = (
        "OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: 0, capacity: 2000"
    )
    first, second = [read_pod(recorded("rejected")["pods"][step]) for step in (1, 3)]
    assert progress(Scene([first], 1.0)) == Progress(f"waiting for another pod: {words}", GRACE - 1.0)
    assert progress(Scene([first], GRACE)) == Failed(words)
    assert progress(Scene([first, second], 1.0)) == Failed(words)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("quota", 'pods "quota-6bcb9f997c-rvc4v" is forbidden: exceeded quota: none, requested: pods=1, used: pods=0'),
        ("secure", 'pods "secure-78cbcc6dc4-qkrjs" is forbidden: violates PodSecurity "restricted:latest": allow'),
        ("denied", "pods \"denied-7789c444d-gqvl9\" is forbidden: ValidatingAdmissionPolicy 'pods-lab' with binding"),
    ],
)
def test_pods_that_the_api_server_does_not_take_fail_a_start_at_once(name: str, begins: str) -> None:
    told = recorded(name)
    now = progress(Scene([], 0.0, observed_conditions(told["workload"])))
    assert isinstance(now, Failed)
    assert now.reason.startswith(f"FailedCreate: {begins}")
    noted = progress(Scene([], 0.0, notes=[read_note(source) for source in told["notes"]]))
    assert isinstance(noted, Failed)
    assert "is forbidden" in noted.reason


def test_a_stateful_set_tells_only_in_its_events_why_it_makes_no_pod() -> None:
    told = recorded("sts-quota")
    conditions = observed_conditions(told["workload"])
    assert progress(Scene([], 60.0, conditions)) == Progress("waiting for a pod")
    assert progress(Scene([], 0.0, conditions, [read_note(source) for source in told["notes"]])) == Failed(
        'FailedCreate: Create Pod sts-quota-0 in StatefulSet sts-quota failed error: pods "sts-quota-0" is forbidden: '
        "exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0"
    )


def test_a_service_account_may_come_a_moment_after_its_namespace() -> None:
    conditions = observed_conditions(recorded("account")["workload"])
    assert isinstance(progress(Scene([], 1.0, conditions)), Progress)
    assert isinstance(progress(Scene([], GRACE, conditions)), Failed)
