"""Pods as an API server writes them, and as nobody should."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.objects.reading import Malformed
from scaler.runtimes.kubernetes.pods.container import LONGEST, MOST, Container, Exit, Why
from scaler.runtimes.kubernetes.pods.pod import Condition, Life, Pod, moment, read_pod

READY = json.loads("""
{"metadata": {"name": "notes-5d8f-x", "namespace": "team", "uid": "u1", "labels": {"app": "notes"},
              "creationTimestamp": "2026-11-23T06:00:00Z",
              "ownerReferences": [{"kind": "Node", "name": "n"},
                                  {"kind": "ReplicaSet", "name": "notes-5d8f", "controller": true}]},
 "spec": {"nodeName": "n1",
          "initContainers": [{"name": "migrate", "image": "notes:1"},
                             {"name": "mesh", "image": "mesh:1", "restartPolicy": "Always",
                              "ports": [{"name": "mesh", "containerPort": 15000}]}],
          "containers": [{"name": "web", "image": "notes:1",
                          "ports": [{"name": "dns", "containerPort": 53, "protocol": "UDP"},
                                    {"name": "http", "containerPort": 8080}, {"containerPort": 9090}]}]},
 "status": {"phase": "Running", "podIP": "10.1.2.3",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T06:00:02Z"},
                           {"type": "PodScheduled", "status": "True"}],
            "initContainerStatuses": [
              {"name": "migrate", "restartCount": 3, "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
              {"name": "mesh", "restartCount": 1, "ready": true, "state": {"running": {}}}],
            "containerStatuses": [
              {"name": "web", "restartCount": 2, "ready": true, "state": {"running": {}},
               "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]}}
""")


def test_a_pod_that_serves() -> None:
    assert read_pod(READY) == Pod(
        namespace="team",
        name="notes-5d8f-x",
        uid="u1",
        labels={"app": "notes"},
        owner="ReplicaSet notes-5d8f",
        created="2026-11-23T06:00:00Z",
        phase="Running",
        ip="10.1.2.3",
        node="n1",
        conditions={
            "Ready": Condition(True, since=1795413602.0),
            "PodScheduled": Condition(True),
        },
        containers=(
            Container("migrate", "notes:1", init=True, restarts=3, exited=Exit(0, Why("Completed"))),
            Container("mesh", "mesh:1", running=True, ready=True, restarts=1),
            Container("web", "notes:1", running=True, ready=True, restarts=2, before=Exit(137, Why("OOMKilled"))),
        ),
        ports={"http": 8080, "mesh": 15000},
        first_port=8080,
    )


def test_a_life_ends_when_a_container_that_stays_is_started_again() -> None:
    assert read_pod(READY).life == Life("u1", 3)


def test_a_port_is_found_by_number_by_name_or_by_being_the_first() -> None:
    pod = read_pod(READY)
    assert [pod.port(80), pod.port("http"), pod.port("dns"), pod.port(None)] == [80, 8080, None, 8080]
    assert read_pod({"metadata": {"name": "x"}}).port(None) is None


def test_of_two_ports_with_one_name_the_first_is_meant() -> None:
    containers = [{"ports": [{"name": "http", "containerPort": 1}]}, {"ports": [{"name": "http", "containerPort": 2}]}]
    assert read_pod({"metadata": {"name": "x"}, "spec": {"containers": containers}}).port("http") == 1


def test_a_pod_of_which_nothing_is_known_yet() -> None:
    pod = read_pod({"metadata": {"name": "x"}})
    assert (pod.phase, pod.ip, pod.over, pod.ready, pod.deleting, pod.containers) == (
        "Pending",
        "",
        False,
        False,
        False,
        (),
    )


def test_a_pod_that_is_being_deleted() -> None:
    assert read_pod({"metadata": {"name": "x", "deletionTimestamp": "2026-11-23T06:00:00Z"}}).deleting


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_that_is_over(phase: str) -> None:
    pod = read_pod(
        {"metadata": {"name": "x"}, "status": {"phase": phase, "reason": "Evicted", "message": "low on disk"}}
    )
    assert pod.over
    assert pod.why == ("Evicted", "low on disk")


@pytest.mark.parametrize(
    ("written", "read"), [("10.0.0.1", "10.0.0.1"), ("FD00::1", "fd00::1"), ("localhost", ""), ("1" * 1000, "")]
)
def test_an_address_is_an_address(written: str, read: str) -> None:
    assert read_pod({"metadata": {"name": "x"}, "status": {"podIP": written}}).ip == read


def test_what_others_have_written_is_bounded() -> None:
    long = "x" * 10**6
    waiting = {"waiting": {"reason": long, "message": long}}
    pod = read_pod(
        {
            "metadata": {"name": "x"},
            "spec": {"containers": [{"name": f"c{number}", "image": long} for number in range(1_000)]},
            "status": {"containerStatuses": [{"name": "c0", "state": waiting}], "message": long},
        }
    )
    assert len(pod.containers) == MOST
    assert pod.containers[0].waiting is not None
    assert max(map(len, (*pod.containers[0].waiting, pod.containers[0].image, pod.why.message))) == LONGEST


def test_a_pod_without_a_name_is_malformed() -> None:
    with pytest.raises(Malformed):
        read_pod({"metadata": {}})


@pytest.mark.parametrize("written", ["", "yesterday", "2026-11-23T06:00:00", 5, "9" * 50])
def test_a_time_that_is_none(written: object) -> None:
    assert moment(written) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _paths(source: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = source.items() if isinstance(source, dict) else enumerate(source) if isinstance(source, list) else ()
    return [path for key, value in inside for path in [(*above, key), *_paths(value, (*above, key))]]


@given(path=st.sampled_from(_paths(READY)), value=ANYTHING)
def test_whatever_stands_anywhere_in_a_pod_is_read_or_malformed(path: tuple[Any, ...], value: object) -> None:
    pod = json.loads(json.dumps(READY))
    place = pod
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    try:
        read = read_pod(pod)
    except Malformed:
        return
    assert hash(read.life)
    assert read.port("http") is None or 0 < (read.port("http") or 0) < 65536
