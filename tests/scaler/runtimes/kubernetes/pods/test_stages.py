"""How far one pod has come: through scheduling, pulling, its init containers, to being probed."""

from dataclasses import replace

import pytest

from scaler.runtimes.kubernetes.pods.container import Container, Exit, Why
from scaler.runtimes.kubernetes.pods.notes import Note
from scaler.runtimes.kubernetes.pods.pod import Condition, Pod
from scaler.runtimes.kubernetes.pods.progress import Failed, Progress, progress
from scaler.runtimes.kubernetes.pods.stages import GRACE, Scene
from tests.scaler.runtimes.kubernetes.pods.made import pod

NO_ROOM = Condition(False, Why("Unschedulable", "0/3 nodes are available"))
WAITING = pod("web-1", node="", ip="", phase="Pending", containers=(), conditions={"PodScheduled": NO_ROOM})
SCHEDULED = pod("web-2", ip="", phase="Pending", containers=(Container("web"),))


def said(scene: Scene) -> str:
    now = progress(scene)
    assert isinstance(now, Progress)
    return now.stage


def note(about: Pod, reason: str, message: str = "", *, warning: bool = False) -> Note:
    return Note("Pod", about.namespace, about.name, about.uid, reason, message, warning)


def test_a_pod_that_is_probed_is_told_with_its_last_answer() -> None:
    started = pod()
    probed = {started.uid: "GET /ready on 10.1.2.3:8080 (last answer 503)"}
    assert said(Scene([started], 1.0, probed=probed)) == "probing GET /ready on 10.1.2.3:8080 (last answer 503)"


def test_pods_that_leave_may_make_room() -> None:
    leaving = pod("web-0", deleting=True)
    assert progress(Scene([WAITING, leaving], 60.0)) == Progress("waiting for a node: 0/3 nodes are available")
    assert progress(Scene([WAITING], 60.0)) == Failed("Unschedulable: 0/3 nodes are available")


def test_room_that_is_being_made_is_waited_for() -> None:
    assert said(Scene([replace(WAITING, nominated="n2")], 60.0)) == "waiting for room on n2"
    no_node = [note(WAITING, "NotTriggerScaleUp")]
    assert said(Scene([replace(WAITING, nominated="n2")], 60.0, notes=no_node)) == "waiting for room on n2"


def test_a_gate_is_waited_for() -> None:
    gated = replace(WAITING, conditions={"PodScheduled": Condition(False, Why("SchedulingGated"))})
    assert said(Scene([gated], 60.0)) == "waiting for a node"


def test_a_volume_that_is_being_made_is_waited_for() -> None:
    words = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    unbound = replace(WAITING, conditions={"PodScheduled": Condition(False, Why("Unschedulable", words))})
    assert said(Scene([unbound], 60.0)) == f"waiting for a node: {words}"


@pytest.mark.parametrize("reason", ["TriggeredScaleUp", "Nominated"])
def test_a_node_that_is_being_made_is_waited_for(reason: str) -> None:
    notes = [note(WAITING, "NotTriggerScaleUp"), note(WAITING, reason), note(WAITING, "FailedScheduling")]
    assert said(Scene([WAITING], 60.0, notes=notes)) == "waiting for a new node"


def test_an_autoscaler_that_can_do_nothing_ends_the_wait() -> None:
    message = "pod didn't trigger scale-up: 1 max node group size reached"
    notes = [note(WAITING, "TriggeredScaleUp"), note(WAITING, "NotTriggerScaleUp", message)]
    assert progress(Scene([WAITING], 0.1, notes=notes, autoscaled=True)) == Failed(
        f"Unschedulable: 0/3 nodes are available ({message})"
    )


def test_what_was_noted_about_another_pod_is_nothing_to_this_one() -> None:
    notes = [note(SCHEDULED, "NotTriggerScaleUp")]
    assert progress(Scene([WAITING], 1.0, notes=notes)) == Progress(
        "waiting for a node: 0/3 nodes are available", GRACE - 1.0
    )


def test_a_pod_on_a_node_that_is_lost_is_given_a_moment() -> None:
    lost = {"n1": "Kubelet stopped posting node status."}
    words = "node n1 is not ready: Kubelet stopped posting node status."
    assert progress(Scene([SCHEDULED], 1.0, lost_nodes=lost)) == Progress(words, GRACE - 1.0)
    assert progress(Scene([SCHEDULED], GRACE, lost_nodes=lost)) == Failed(words)


def test_while_a_node_may_come_back_no_room_is_no_failure() -> None:
    waiting = Progress("waiting for a node: 0/3 nodes are available")
    assert progress(Scene([WAITING], 60.0, unsettled=True)) == waiting
    assert progress(Scene([WAITING], 60.0)) == Failed("Unschedulable: 0/3 nodes are available")


def test_a_pod_that_runs_may_answer_even_though_its_node_is_lost() -> None:
    assert said(Scene([pod()], 60.0, lost_nodes={"n1": "gone"})) == "started"


def test_an_image_is_pulled() -> None:
    notes = [note(SCHEDULED, "Pulling", 'Pulling image "web:1"')]
    assert said(Scene([SCHEDULED], 1.0, notes=notes)) == "pulling web:1"
    assert said(Scene([SCHEDULED], 1.0, notes=[*notes, note(SCHEDULED, "Pulled")])) == "scheduled on n1"
    assert said(Scene([SCHEDULED], 1.0, notes=[note(SCHEDULED, "Pulling", "?")])) == "pulling an image"


def test_what_went_before_the_node_was_found_is_over() -> None:
    notes = [note(SCHEDULED, "FailedScheduling", "0/3 nodes are available", warning=True)]
    assert said(Scene([SCHEDULED], 1.0, notes=notes)) == "scheduled on n1"


def test_an_init_container_that_has_ended_well_is_over() -> None:
    ended = Container("migrate", init=True, exited=Exit(0, Why("Completed")), restarts=2)
    assert said(Scene([replace(SCHEDULED, containers=(ended, Container("web")))], 1.0)) == "scheduled on n1"
