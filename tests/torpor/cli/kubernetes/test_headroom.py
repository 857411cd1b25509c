"""What a doctor says of placeholders."""

from dataclasses import replace
from typing import Any

import pytest

from scaler.requests import Requests
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.found import Found
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.headroom.placeholders import manifest
from scaler.runtimes.kubernetes.headroom.room import Room
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.pods.pod import Pod, read_pod
from tests.scaler.runtimes.kubernetes.cluster_objects import DEPLOYMENTS, deployment
from torpor.cli.findings import Grade
from torpor.cli.kubernetes.headroom import Seen, findings
from torpor.headroom_settings import HeadroomSettings

SETTINGS = HeadroomSettings()
WELL = Seen(
    {"metadata": {"name": "torpor-headroom"}, "value": -10},
    manifest(Room(2, Requests(500, 2**30)), SETTINGS, "uid"),
    [],
)


def told(seen: Seen, *apps: Found) -> list[tuple[Grade, str]]:
    return [(one.grade, one.text) for one in findings(SETTINGS, "torpor", seen, list(apps))]


def asleep(cpu: str) -> Found:
    discovery = Discovery(Serve(), Defaults())
    written = deployment(replicas=0)
    written["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu}}
    discovery.put(DEPLOYMENTS, written)
    [found] = discovery.apps.values()
    return found


def pod(name: str, node: str | None) -> Pod:
    return read_pod({"metadata": {"name": name}, "spec": {"nodeName": node} if node else {}})


def failing(message: str) -> Seen:
    condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    broken: dict[str, Any] = {**(WELL.deployment or {}), "status": {"conditions": [condition]}}
    return WELL._replace(deployment=broken)


def test_room_that_is_held_is_well() -> None:
    seen = WELL._replace(pods=[pod("a", "n1"), pod("b", "n1")])
    assert told(seen) == [(Grade.OK, "2 placeholders of 500m CPU and 1Gi memory")]


def test_a_priority_class_that_is_missing_or_too_high_is_wrong() -> None:
    [(grade, text)] = told(Seen(None, None, []), asleep("1"))
    assert (grade, "no PriorityClass torpor-headroom" in text) == (Grade.WRONG, True)
    [(grade, text), _] = told(WELL._replace(priority_class={"value": 0}))
    assert (grade, "not below zero" in text) == (Grade.WRONG, True)


@pytest.mark.parametrize(
    ("message", "fix"),
    [
        ('pods "x" is forbidden: exceeded quota: small, requested: pods=1', "Raise the quota of the namespace torpor"),
        ("pods are forbidden by a webhook", "kubectl -n torpor describe replicasets"),
    ],
)
def test_a_quota_in_the_way_is_wrong_and_so_is_whatever_else_keeps_pods_from_being_made(message: str, fix: str) -> None:
    [found] = findings(SETTINGS, "torpor", failing(message), [])
    assert (found.grade, message in found.text) == (Grade.WRONG, True)
    assert found.fix.startswith(fix)


def test_placeholders_that_wait_for_room_are_told() -> None:
    [(grade, text)] = told(WELL._replace(pods=[pod("a", "n1"), pod("b", None)]))
    assert (grade, text) == (Grade.NOTE, "placeholders without room: 1 of 2; the next wake may wait for a node")


def test_none_at_all_is_wrong_only_where_somebody_who_asks_for_room_sleeps() -> None:
    seen = WELL._replace(deployment=None)
    assert told(seen) == told(seen, asleep("0")) == []
    assert told(seen, asleep("1")) == [(Grade.WRONG, "1 app asleep, and no placeholders are there")]


def test_a_deployment_of_the_name_that_is_somebody_elses_is_wrong() -> None:
    [(grade, text)] = told(WELL._replace(deployment={"metadata": {"name": "torpor-headroom"}}))
    assert (grade, "is not Torpor's" in text) == (Grade.WRONG, True)


def test_an_app_that_asks_for_more_than_a_placeholder_may_hold_is_told() -> None:
    large = asleep("3")
    assert large.workload is not None
    huge = replace(large, workload=replace(large.workload, requests=Requests(0, 2**40)))
    for one in (large, huge):
        *_, found = findings(SETTINGS, "torpor", WELL, [one])
        assert (found.grade, found.about) == (Grade.NOTE, ("Deployment shop/web",))
