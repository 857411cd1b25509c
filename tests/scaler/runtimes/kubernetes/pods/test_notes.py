"""The cluster's Events."""

import json
from pathlib import Path

import pytest
from hypothesis import given

from scaler.runtimes.kubernetes.objects.workload import Ref
from scaler.runtimes.kubernetes.pods.notes import Note, read_note
from tests.scaler.runtimes.kubernetes.pods.test_pod import ANYTHING

WEB = Ref("apps", "v1", "deployments", "Deployment", "team", "web")


def note(kind: str, name: str, *, namespace: str = "team", uid: str = "") -> Note:
    return Note(kind, namespace, name, uid, "", "")


def test_an_event_of_core_v1() -> None:
    [event] = json.loads((Path(__file__).parent / "recorded" / "sts-quota.json").read_text())["notes"]
    assert read_note(event) == Note(
        "StatefulSet",
        "pods-quota",
        "sts-quota",
        "139e70d7-d2c2-42e9-ba89-53b8e45a7933",
        "FailedCreate",
        'Create Pod sts-quota-0 in StatefulSet sts-quota failed error: pods "sts-quota-0" is forbidden: '
        "exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0",
        warning=True,
        at=1795414181.0,
    )


def test_an_event_of_events_k8s_io() -> None:
    event = {
        "regarding": {"kind": "Pod", "namespace": "team", "name": "web-1", "uid": "u"},
        "reason": "Pulling",
        "note": "Pulling image",
        "type": "Normal",
        "eventTime": "2026-11-23T06:00:00.5Z",
        "series": {"lastObservedTime": "2026-11-23T06:00:01.5Z"},
    }
    assert read_note(event) == Note("Pod", "team", "web-1", "u", "Pulling", "Pulling image", at=1795413601.5)


@given(ANYTHING)
def test_whatever_stands_in_an_event(source: object) -> None:
    for event in (source, {"regarding": source, "series": source, "message": source, "eventTime": source}):
        note = read_note(event)
        assert isinstance(note.message, str)
        assert note.at is None or isinstance(note.at, float)


@pytest.mark.parametrize(
    ("about", "concerns"),
    [
        (note("Deployment", "web"), True),
        (note("Deployment", "web", namespace="other"), False),
        (note("StatefulSet", "web"), False),
        (note("ReplicaSet", "web-5d8f9c"), True),
        (note("ReplicaSet", "web-admin-5d8f9c"), False),
        (note("ReplicaSet", "web"), False),
        (note("Pod", "web-5d8f9c-x", uid="u1"), True),
        (note("Pod", "web-5d8f9c-x", uid="u2"), False),
    ],
)
def test_whom_an_event_concerns(about: Note, concerns: bool) -> None:
    assert about.concerns(WEB, {"u1"}) is concerns
