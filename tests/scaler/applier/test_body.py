"""What is sent for a manifest: its own words, the set's marks, a count that wakes nobody."""

from scaler.applier.body import Json, body, counted
from scaler.applier.manifests import Manifest, read_manifests
from scaler.applier.replicas import Count
from scaler.applier.sets import SetId

SET = SetId("review", "pr-1")


def manifest(
    annotations: str = "{}", labels: str = "{torpor.dev/managed: 'true'}", spec: str = "{replicas: 3}"
) -> Manifest:
    text = f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations: {annotations}\n"
    return read_manifests(f"{text}  labels: {labels}\nspec: {spec}\n")[0]


def live(replicas: int, *, owned: str = "", label: str = "true", annotations: Json | None = None) -> Json:
    fields: Json = {"f:spec": {"f:replicas": {}}} if owned == "replicas" else {}
    if owned == "label":
        fields = {"f:metadata": {"f:labels": {"f:torpor.dev/managed": {}}}}
    managed = [{"manager": "torpor-apply", "operation": "Apply", "fieldsV1": fields}]
    labels = {"torpor.dev/managed": label} if label else {}
    meta = {"labels": labels, "annotations": annotations or {}, "managedFields": managed}
    return {"metadata": meta, "spec": {"replicas": replicas}}


def test_the_marks_of_the_set_come_with_it() -> None:
    made = body(manifest("{a: b}"), SET, None, at=0.0, version="7")
    assert made["metadata"] == {
        "name": "web",
        "namespace": "review",
        "labels": {"torpor.dev/managed": "true", "torpor.dev/set": "pr-1"},
        "annotations": {"a": "b"},
        "resourceVersion": "7",
    }
    assert made["spec"] == {"replicas": 3}


def test_a_set_that_expires_knows_since_when() -> None:
    made = body(manifest("{torpor.dev/expires-in: 72h}"), SET, None, at=1_700_000_000.4, version=None)
    assert made["metadata"]["annotations"]["torpor.dev/applied-at"] == "2023-11-14T22:13:20Z"


def test_what_torpor_itself_writes_is_not_a_manifests_to_say() -> None:
    text = "{torpor.dev/replicas: '9', torpor.dev/phase: asleep, torpor.dev/applied-at: '2020-01-01T00:00:00Z'}"
    assert "annotations" not in body(manifest(text), SET, None, at=0.0, version=None)["metadata"]


def test_the_count_is_left_out_said_or_remembered() -> None:
    made = body(manifest(), SET, Count(None, 3, asleep=True), at=0.0, version=None)
    assert (made["spec"], made["metadata"]["annotations"]) == ({}, {"torpor.dev/replicas": "3"})
    assert body(manifest(), SET, Count(5, None), at=0.0, version=None)["spec"] == {"replicas": 5}


def test_a_count_that_is_none_goes_to_the_server_to_be_refused() -> None:
    assert counted(manifest(spec="{replicas: many}"), live(0), namespace_managed=False).replicas == "many"


def test_whether_it_is_managed_is_as_it_will_be_when_this_is_applied() -> None:
    asleep = {"torpor.dev/phase": "asleep", "torpor.dev/replicas": "2"}

    def slept(labels: str, owned: str = "", *, label: str = "true", namespace: bool = False) -> bool:
        found = live(0, owned=owned, label=label, annotations=asleep)
        return counted(manifest(labels=labels), found, namespace_managed=namespace).asleep

    assert slept("{torpor.dev/managed: 'true'}", label="")
    assert slept("{}"), "somebody else's label stays"
    assert not slept("{}", "label"), "ours goes when it is not said again"
    assert slept("{}", label="", namespace=True)
    assert not slept("{torpor.dev/managed: 'false'}", namespace=True)


def test_what_is_ours_is_read_from_the_live_object() -> None:
    assert counted(manifest(spec="{}"), live(4, owned="replicas"), namespace_managed=False) == Count(4, None)
    assert counted(manifest(spec="{}"), live(4), namespace_managed=False) == Count(None, None)
