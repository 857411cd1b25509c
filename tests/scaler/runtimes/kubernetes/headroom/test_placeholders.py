from typing import Any

import pytest

from scaler.requests import NOTHING, Requests
from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS
from scaler.runtimes.kubernetes.headroom.placeholders import MANAGER, NAME, manifest, read_held
from scaler.runtimes.kubernetes.headroom.room import Room
from scaler.runtimes.kubernetes.objects.workload import read_workload
from torpor.headroom_settings import HeadroomSettings, TolerationSettings

SETTINGS = HeadroomSettings(
    image="pause:1",
    priority_class="low",
    node_selector={"pool": "apps"},
    tolerations=(TolerationSettings(key="pool", value="apps", effect="NoSchedule"),),
)
ROOM = Room(2, Requests(1500, 3 * 2**29))


def made(room: Room = ROOM, **meta: Any) -> dict[str, Any]:
    found = manifest(room, SETTINGS, "uid of low")
    found["metadata"] |= {"namespace": "torpor", "uid": "u1", "generation": 7} | meta
    return found


def test_it_gives_way_at_once_and_may_do_nothing() -> None:
    pod = made()["spec"]["template"]["spec"]
    assert (pod["priorityClassName"], pod["terminationGracePeriodSeconds"]) == ("low", 0)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    [container] = pod["containers"]
    assert container["image"] == "pause:1"
    assert container["resources"]["requests"] == {"cpu": "1500m", "memory": "1536Mi"}
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_it_goes_to_the_nodes_that_are_said() -> None:
    pod = made()["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"pool": "apps"}
    assert pod["tolerations"] == [{"key": "pool", "value": "apps", "effect": "NoSchedule"}]


def test_it_goes_with_its_priority_class() -> None:
    [owner] = made()["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("PriorityClass", "low", "uid of low")


def test_it_is_never_an_app_itself() -> None:
    assert not read_workload(DEPLOYMENTS, made(), namespace_managed=True).managed


@pytest.mark.parametrize("room", [ROOM, Room(0, NOTHING), Room(1, Requests(2000, 2**30)), Room(1, Requests(1, 1001))])
def test_what_is_written_is_read_again(room: Room) -> None:
    held = read_held(made(room))
    assert (held.uid, held.generation, held.room, held.ours, held.leaving) == ("u1", 7, room, True, False)


def test_another_of_its_name_is_not_ours_and_one_that_is_deleted_is_leaving() -> None:
    assert not read_held({"metadata": {"name": NAME, "labels": {"app.kubernetes.io/name": "torpor"}}}).ours
    assert read_held(made(deletionTimestamp="2026-11-23T06:00:00Z")).leaving


def test_who_else_has_written_to_it_is_told_the_last_one_first() -> None:
    entries = [
        {"manager": "kubectl-edit", "time": "2026-11-23T06:00:00Z"},
        {"manager": "argocd", "time": "2026-11-23T07:00:00Z"},
        {"manager": "kubectl", "time": "2026-11-23T06:30:00Z", "subresource": "scale"},
        {"manager": "kube-controller-manager", "time": "2026-11-23T08:00:00Z", "subresource": "status"},
        {"manager": MANAGER, "time": "2026-11-23T09:00:00Z"},
    ]
    assert read_held(made(managedFields=entries)).others == ("argocd", "kubectl", "kubectl-edit")
