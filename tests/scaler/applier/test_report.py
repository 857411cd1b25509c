"""What is told of each object."""

import json

from scaler.applier.report import Conflict, Done, Outcome, Report, Rolled


def test_what_went_well_is_short_and_what_did_not_has_its_place() -> None:
    assert str(Done("services", "web", Outcome.CREATED, 2, 9)) == "created services web"
    asleep = Done("deployments.apps", "web", Outcome.CHANGED, 1, 1, "it sleeps")
    assert str(asleep) == "changed deployments.apps web: it sleeps"
    assert str(Done("services", "web", Outcome.NOT_DELETED, detail="no")) == "not deleted services web: no"
    conflicts = (Conflict(".spec.a", "kubectl"), Conflict(".spec.b", "argo"))
    assert str(Done("services", "web", Outcome.CONFLICT, 2, 9, "", conflicts)) == (
        "conflict services web: .spec.a is owned by kubectl; .spec.b is owned by argo (document 2, line 9)"
    )


def test_it_is_plain_data() -> None:
    done = Done("services", "web", Outcome.CONFLICT, 1, 1, conflicts=(Conflict("a", "b"),))
    report = Report("review/pr-1", objects=(done,), apps=(Rolled("review/web", True, True, "asleep"),))
    said = json.loads(json.dumps(report.to_json()))
    assert said["objects"][0]["outcome"] == "conflict"
    assert said["objects"][0]["conflicts"] == [["a", "b"]]
    assert said["apps"] == [{"app": "review/web", "done": True, "asleep": True, "detail": "asleep"}]
