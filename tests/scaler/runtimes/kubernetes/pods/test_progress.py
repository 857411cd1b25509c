"""What a start is doing, and when it is over: with several pods, with autoscalers, with nodes that are lost."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.pods.container import Container, Exit, Why
from scaler.runtimes.kubernetes.pods.notes import Note
from scaler.runtimes.kubernetes.pods.pod import Condition, Pod, observed_conditions
from scaler.runtimes.kubernetes.pods.progress import Failed, Progress, progress
from scaler.runtimes.kubernetes.pods.stages import GRACE, Scene
from tests.scaler.runtimes.kubernetes.pods.made import pod

NO_ROOM = Condition(False, Why("Unschedulable", "0/3 nodes are available"))
WAITING = pod("web-1", node="", ip="", phase="Pending", containers=(), conditions={"PodScheduled": NO_ROOM})
SCHEDULED = pod("web-2", ip="", phase="Pending", containers=(Container("web"),))
BROKEN = pod("web-0", containers=(Container("web", waiting=Why("ImagePullBackOff", "no such image")),))
FORBIDDEN = Why("FailedCreate", 'pods "web-1" is forbidden: exceeded quota: small')


def said(scene: Scene) -> str:
    now = progress(scene)
    assert isinstance(now, Progress)
    return now.stage


def note(about: Pod, reason: str, message: str = "", *, warning: bool = False) -> Note:
    return Note("Pod", about.namespace, about.name, about.uid, reason, message, warning)


def test_nothing_is_there_yet() -> None:
    assert progress(Scene([], 0.0)) == Progress("waiting for a pod")


def test_the_last_pods_have_to_leave_first() -> None:
    assert said(Scene([replace(BROKEN, deleting=True)], 60.0)) == "waiting for the last pod to end"


def test_the_pod_that_has_come_furthest_is_told() -> None:
    assert said(Scene([WAITING, SCHEDULED, BROKEN], 60.0, autoscaled=True)) == "scheduled on n1"
    assert said(Scene([SCHEDULED, pod()], 1.0)) == "started"


def test_each_stage_is_of_a_kind() -> None:
    def kind(*pods: Pod) -> str:
        now = progress(Scene(pods, 1.0))
        assert isinstance(now, Progress)
        return now.stage.kind

    assert kind() == kind(WAITING) == "scheduling"
    assert kind(replace(BROKEN, deleting=True)) == "ending"
    assert kind(SCHEDULED) == "preparing"
    assert kind(pod()) == "starting"


def test_one_broken_pod_fails_nothing_while_another_may_become_ready() -> None:
    old_revision = replace(BROKEN, created="2026-11-22T06:00:00Z")
    assert said(Scene([old_revision, SCHEDULED], 60.0)) == "scheduled on n1"
    assert progress(Scene([old_revision], 60.0)) == Failed("ImagePullBackOff: no such image")


def test_of_several_broken_pods_the_newest_gives_the_reason() -> None:
    newer = pod(
        "web-9", created="2026-11-24T06:00:00Z", containers=(Container("web", waiting=Why("CreateContainerError")),)
    )
    assert progress(Scene([BROKEN, newer], 1.0)) == Failed("CreateContainerError: container web")


def test_pods_that_were_over_before_say_nothing_of_this_start() -> None:
    evicted = pod("web-7", phase="Failed", why=Why("Evicted", "The node was low on resource: memory."))
    assert progress(Scene([evicted], 60.0, over_before=frozenset({evicted.uid}))) == Progress("waiting for a pod")
    assert progress(Scene([evicted], 60.0)) == Failed("Evicted: The node was low on resource: memory.")


def test_a_quota_that_leaving_pods_hold_is_waited_for() -> None:
    conditions = {"ReplicaFailure": Condition(True, FORBIDDEN)}
    assert progress(Scene([], 0.0, conditions)) == Failed(f"FailedCreate: {FORBIDDEN.message}")
    assert said(Scene([pod(deleting=True)], 60.0, conditions)) == "waiting for the last pod to end"


def test_a_pod_of_the_same_name_has_to_leave_first() -> None:
    conditions = {"ReplicaFailure": Condition(True, Why("FailedCreate", 'pods "web-0" already exists'))}
    assert said(Scene([], 60.0, conditions)) == "waiting for a pod"


def test_a_webhook_that_cannot_be_asked_is_given_a_moment() -> None:
    failed = Why("FailedCreate", 'Internal error occurred: failed calling webhook "policy"')
    conditions = {"ReplicaFailure": Condition(True, failed)}
    assert progress(Scene([], 1.0, conditions)) == Progress(f"waiting for a pod: {failed.message}", GRACE - 1.0)
    assert progress(Scene([], GRACE, conditions)) == Failed(f"FailedCreate: {failed.message}")


def test_a_pod_that_could_be_made_after_all_ends_what_was_noted_before() -> None:
    failed = Note("StatefulSet", "team", "web", "", "FailedCreate", "is forbidden")
    made = replace(failed, reason="SuccessfulCreate")
    assert progress(Scene([], 1.0, notes=[failed, made])) == Progress("waiting for a pod")
    assert progress(Scene([], 1.0, notes=[made, failed])) == Failed("FailedCreate: is forbidden")


def test_conditions_from_before_the_last_change_are_not_counted() -> None:
    told = {"conditions": [{"type": "ReplicaFailure", "status": "True"}], "observedGeneration": 2}
    assert observed_conditions({"metadata": {"generation": 2}, "status": told})
    assert observed_conditions({"metadata": {"generation": 3}, "status": told}) == {}
    assert observed_conditions({"metadata": {}, "status": {"conditions": [{"type": "Ready"}]}})


WHY = st.builds(Why, st.sampled_from(["", "Unschedulable", "ErrImagePull", "CrashLoopBackOff", "Evicted"]), st.text())
EXIT = st.none() | st.builds(Exit, st.integers(-1, 255), WHY)
CONTAINERS = st.lists(
    st.builds(
        Container,
        st.text(max_size=5),
        init=st.booleans(),
        running=st.booleans(),
        restarts=st.integers(0, 3),
        waiting=st.none() | WHY,
        exited=EXIT,
        before=EXIT,
    ),
    max_size=3,
).map(tuple)
PODS = st.builds(
    pod,
    st.sampled_from(["a", "b", "c"]),
    node=st.sampled_from(["", "n1"]),
    phase=st.sampled_from(["Pending", "Running", "Failed", "Succeeded", "New"]),
    deleting=st.booleans(),
    why=WHY,
    containers=CONTAINERS,
    conditions=st.dictionaries(
        st.sampled_from(["PodScheduled", "Ready"]), st.builds(Condition, st.booleans(), WHY), max_size=2
    ),
)


@given(
    st.builds(
        Scene,
        st.lists(PODS, max_size=3),
        st.floats(0, 100),
        conditions=st.dictionaries(st.just("ReplicaFailure"), st.builds(Condition, st.booleans(), WHY)),
        autoscaled=st.booleans(),
        lost_nodes=st.dictionaries(st.just("n1"), st.text()),
        unsettled=st.booleans(),
    )
)
def test_whatever_is_known_there_is_something_to_say(scene: Scene) -> None:
    now = progress(scene)
    words = now.stage if isinstance(now, Progress) else now.reason
    assert 0 < len(words) < 400
    assert words.isprintable()
    if isinstance(now, Progress) and now.again is not None:
        assert progress(replace(scene, waited=scene.waited + now.again + 1e-6)) != now
