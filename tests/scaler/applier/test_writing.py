"""One manifest applied: what is taken from whom, what is tried again, and what is told of what goes wrong."""

from typing import Any

import pytest

from scaler.applier.catalogue import Target
from scaler.applier.manifests import read_manifests
from scaler.applier.report import Outcome
from scaler.applier.sets import SetId
from scaler.applier.writing import TRIES, How, Written, path_of, write
from scaler.runtimes.kubernetes.api.errors import NotLeading, Unreachable, from_status
from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS
from tests.scaler.applier.scripted import CHANGED, Scripted, conflict

TEXT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  template:
    spec:
      containers:
        - image: ""
"""
TARGET = Target(read_manifests(TEXT)[0], DEPLOYMENTS)


def live(version: str = "7", **meta: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web", "resourceVersion": version, **meta}, "spec": {"replicas": 2}}


async def written(cluster: Scripted, *, force: bool = False, dry_run: bool = False, show: bool = False) -> Written:
    counting = frozenset({"deployments.apps"})
    how = How(SetId("review", "pr-1"), 0.0, force, dry_run, show, counting, namespace_managed=True)
    return await write(cluster, TARGET, how)


async def test_a_workload_is_written_on_the_version_that_was_looked_at() -> None:
    cluster = Scripted(live(), live("8"))
    assert (await written(cluster)).done.outcome is Outcome.CHANGED
    ((_, body, forced),) = cluster.sent
    assert (body["metadata"]["resourceVersion"], forced) == ("7", False)


async def test_what_is_as_it_was_is_unchanged_and_what_was_not_there_is_created() -> None:
    assert (await written(Scripted(live(), live()))).done.outcome is Outcome.UNCHANGED
    assert (await written(Scripted(None, live()))).done.outcome is Outcome.CREATED


async def test_what_a_sleep_or_a_wake_has_written_is_taken_and_nothing_else_with_it() -> None:
    ours = conflict(spec_replicas="torpor", metadata_annotations_torpor_dev__replicas="torpor")
    cluster = Scripted(live(), ours, live("8"))
    assert (await written(cluster)).done.outcome is Outcome.CHANGED
    assert [forced for _, _, forced in cluster.sent] == [False, True]
    assert [body["metadata"]["resourceVersion"] for _, body, _ in cluster.sent] == ["7", "7"]


@pytest.mark.parametrize(
    "owners",
    [
        {"spec_replicas": "kube-controller-manager"},
        {"spec_template": "torpor"},
        {"spec_a": "kubectl", "spec_b": "argo"},
    ],
)
async def test_a_field_of_somebody_else_is_a_conflict(owners: dict[str, str]) -> None:
    cluster = Scripted(live(), conflict(**owners))
    done = (await written(cluster)).done
    assert done.outcome is Outcome.CONFLICT
    assert {one.owner for one in done.conflicts} == set(owners.values())
    assert len(cluster.sent) == 1


async def test_of_conflicts_with_others_only_theirs_are_told() -> None:
    done = (await written(Scripted(live(), conflict(spec_replicas="torpor", spec_paused="kubectl")))).done
    assert done.conflicts == ((".spec.paused", "kubectl"),)
    assert str(done) == "conflict deployments.apps web: .spec.paused is owned by kubectl (document 1, line 1)"


async def test_forced_it_is_asked_for_with_force() -> None:
    cluster = Scripted(live(), live("8"))
    await written(cluster, force=True)
    assert cluster.sent[0][2] is True


async def test_one_that_has_changed_meanwhile_is_looked_at_again() -> None:
    cluster = Scripted(live(), CHANGED, conflict(spec_replicas="torpor"), CHANGED, live("9"))
    assert (await written(cluster)).done.outcome is Outcome.CHANGED
    changing = Scripted(live(), *[CHANGED] * TRIES)
    done = (await written(changing)).done
    assert (done.outcome, done.detail) == (Outcome.REFUSED, "the object has been modified")


async def test_one_that_is_going_is_not_applied() -> None:
    done = (await written(Scripted(live(deletionTimestamp="2026-01-01T00:00:00Z")))).done
    assert (done.outcome, done.detail) == (Outcome.REFUSED, "it is being deleted; try again when it is gone")


async def test_one_of_another_set_is_a_conflict() -> None:
    done = (await written(Scripted(live(labels={"torpor.dev/set": "pr-2"})))).done
    assert done.conflicts == ((".metadata.labels.torpor.dev/set", "the set pr-2"),)


async def test_without_an_answer_nobody_knows() -> None:
    for sent, outcome in ((True, Outcome.UNKNOWN), (False, Outcome.PUT_OFF)):
        done = (await written(Scripted(live(), Unreachable("gone", sent=sent)))).done
        assert (done.outcome, done.detail) == (outcome, "gone")
    assert (await written(Scripted(live(), NotLeading()))).done.outcome is Outcome.PUT_OFF


async def test_to_look_or_to_try_changes_nothing_whatever_comes_of_it() -> None:
    class Silent(Scripted):
        async def get(self, *args: Any, **more: Any) -> dict[str, Any]:
            raise Unreachable("gone", sent=True)

    assert (await written(Silent(None))).done.outcome is Outcome.PUT_OFF
    silent = Scripted(live(), Unreachable("gone", sent=True))
    assert (await written(silent, dry_run=True)).done.outcome is Outcome.PUT_OFF


async def test_what_the_server_refuses_has_the_line_of_its_field() -> None:
    causes = [{"reason": "FieldValueRequired", "field": "spec.template.spec.containers[0].image", "message": "needed"}]
    said = {"code": 422, "reason": "Invalid", "message": "it is invalid", "details": {"causes": causes}}
    done = (await written(Scripted(live(), from_status(said)))).done
    assert str(done) == "refused deployments.apps web: it is invalid (document 1, line 10)"


async def test_a_dry_run_has_a_diff_where_that_is_wanted() -> None:
    done = (await written(Scripted(live(), live("7", labels={"a": "b"})), dry_run=True, show=True)).done
    assert done.outcome is Outcome.CHANGED
    assert "+  labels:\n+    a: b\n" in done.diff
    assert (await written(Scripted(live(), live()), dry_run=True, show=True)).done.outcome is Outcome.UNCHANGED
    assert (await written(Scripted(live(), live("7", labels={"a": "b"})), dry_run=True)).done.diff == ""


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("spec.containers[0].image", ("spec", "containers", 0, "image")),
        (".spec.replicas", ("spec", "replicas")),
        ('.spec.containers[name="app"].image', ("spec", "containers")),
        ("", ()),
        ("[[[", ()),
    ],
)
def test_the_servers_names_of_places_are_followed_as_far_as_they_go(field: str, path: tuple[str | int, ...]) -> None:
    assert path_of(field) == path
