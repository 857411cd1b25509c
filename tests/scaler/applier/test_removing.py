"""Objects deleted only as they were looked at."""

import asyncio
from typing import Any

import pytest

from scaler.applier import removing
from scaler.applier.members import Member
from scaler.applier.removing import TRIES, remove, remove_all
from scaler.applier.report import Done, Outcome
from scaler.applier.sets import SetId
from scaler.runtimes.kubernetes.api.errors import ApiError, NotLeading, Unreachable
from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS, INGRESSES, SERVICES, Kind
from tests.scaler.applier.conftest import CONFIG_MAPS
from tests.scaler.applier.scripted import CHANGED, Json, Scripted

OURS = [{"manager": "torpor-apply", "operation": "Apply", "fieldsV1": {}}]


def member(kind: Kind = SERVICES, name: str = "web", *, ours: bool = True, deleting: bool = False) -> Member:
    return Member(kind, SetId("review", "pr-1"), name, "uid", "7", ours, deleting, None, None)


def live(version: str = "8", label: str = "pr-1", managed: object = OURS) -> Json:
    labels = {"torpor.dev/set": label}
    about = {"name": "web", "namespace": "review", "resourceVersion": version, "labels": labels}
    return {"metadata": about | {"managedFields": managed}}


async def test_routes_go_first_and_what_pods_start_with_last() -> None:
    cluster, done, said = Scripted(None, {}, {}, {}, {}), list[Done](), list[str]()
    here = [member(kind) for kind in (CONFIG_MAPS, SERVICES, DEPLOYMENTS, INGRESSES)]
    await remove_all(cluster, here, done, dry_run=False, say=said.append)
    assert [one.kind for one in done][-2:] == ["services", "configmaps"]
    assert said[-1] == "deleted configmaps web"


async def test_kinds_that_are_to_be_first_are() -> None:
    cluster, done = Scripted(None, {}, {}, {}), list[Done]()
    here = [member(INGRESSES, "a"), member(CONFIG_MAPS), member(DEPLOYMENTS, "z")]
    await remove_all(cluster, here, done, dry_run=False, say=print, first=frozenset({"deployments.apps"}))
    assert [one.kind for one in done] == ["deployments.apps", "ingresses.networking.k8s.io", "configmaps"]


async def test_after_a_time_it_ends_and_it_is_known_of_each_what_became_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Scripted):
        async def delete(self, *args: Any, **more: Any) -> None:
            await super().delete(*args, **more)
            if len(self.sent) == 2:
                await asyncio.Event().wait()

    monkeypatch.setattr(removing, "DEADLINE", 0.05)
    done = list[Done]()
    here = [member(name=name) for name in ("a", "b", "c")]
    await remove_all(Slow(None, {}, {}), here, done, dry_run=False, say=print)
    assert [one.outcome for one in done] == [Outcome.DELETED, Outcome.UNKNOWN, Outcome.NOT_DELETED]
    assert "not come to" in done[2].detail


async def test_one_that_is_used_again_is_left_also_when_that_shows_in_a_conflict() -> None:
    cluster = Scripted(live(), CHANGED)
    used = await remove(cluster, member(), dry_run=False, still=lambda _: not cluster.sent)
    assert (used.outcome, used.detail) == (Outcome.LEFT, "it is in use again")
    assert len(cluster.sent) == 1
    await remove(cluster, member(), dry_run=False, still=lambda _: False)
    assert len(cluster.sent) == 1


async def test_one_that_has_changed_is_looked_at_again() -> None:
    cluster = Scripted(live(), CHANGED, {})
    assert (await remove(cluster, member(), dry_run=False)).outcome is Outcome.DELETED
    assert [version for _, version, _ in cluster.sent] == ["7", "8"]
    changing = Scripted(live(), *[CHANGED] * TRIES)
    assert (await remove(changing, member(), dry_run=False)).outcome is Outcome.NOT_DELETED


@pytest.mark.parametrize("now", [live(label="pr-2"), live(managed=[])], ids=["another set", "another's"])
async def test_one_that_is_not_of_the_set_any_more_is_left(now: Json) -> None:
    assert (await remove(Scripted(now, CHANGED), member(), dry_run=False)).outcome is Outcome.LEFT


async def test_one_that_is_gone_is_deleted_whoever_did_it() -> None:
    gone = ApiError(404, "NotFound", "there is no such thing")
    assert (await remove(Scripted(None, gone), member(), dry_run=False)).outcome is Outcome.DELETED
    assert (await remove(Scripted(None, CHANGED), member(), dry_run=False)).outcome is Outcome.DELETED


async def test_what_is_not_ours_or_only_tried_is_not_touched() -> None:
    cluster = Scripted(None)
    assert (await remove(cluster, member(ours=False), dry_run=False)).outcome is Outcome.LEFT
    assert (await remove(cluster, member(deleting=True), dry_run=False)).outcome is Outcome.DELETED
    assert (await remove(cluster, member(), dry_run=True)).outcome is Outcome.DELETED
    assert cluster.sent == []


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ApiError(403, "Forbidden", "not you"), Outcome.NOT_DELETED),
        (Unreachable("gone", sent=True), Outcome.UNKNOWN),
        (Unreachable("gone", sent=False), Outcome.PUT_OFF),
        (NotLeading(), Outcome.PUT_OFF),
    ],
)
async def test_what_goes_wrong_is_told(error: ApiError, outcome: Outcome) -> None:
    done = await remove(Scripted(None, error), member(), dry_run=False)
    assert (done.outcome, bool(done.detail)) == (outcome, True)
