"""How far a rollout has come, by a workload's own words."""

from typing import Any

import pytest

from scaler.applier.rollout import stand


def workload(replicas: int = 2, generation: int = 3, spec: dict[str, Any] | None = None, **status: Any) -> Any:
    told = {"observedGeneration": 3, "replicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas}
    return {
        "metadata": {"generation": generation},
        "spec": {"replicas": replicas} | (spec or {}),
        "status": told | status,
    }


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (workload(generation=4), "waiting for the cluster to look at it"),
        (workload(updatedReplicas=1), "1 of 2 pods are of the new revision"),
        (workload(replicas=2) | {"status": {"observedGeneration": 3}}, "0 of 2 pods are of the new revision"),
        ({"metadata": {}, "spec": {}, "status": {}}, "0 of 1 pods are of the new revision"),
        (workload() | {"status": workload()["status"] | {"replicas": 3}}, "1 pods of the old revision are still there"),
        (workload(availableReplicas=0), "0 of 2 pods are available"),
    ],
)
def test_it_is_not_done(source: Any, words: str) -> None:
    now = stand(source)
    assert (now.done, now.failed, now.words) == (False, False, words)


def test_it_is_done() -> None:
    assert stand(workload()).done
    assert stand(workload(updatedReplicas=0, spec={"updateStrategy": {"type": "OnDelete"}})).done


def test_one_that_sleeps_has_nothing_to_roll_out() -> None:
    now = stand(workload(replicas=0))
    assert (now.done, now.asleep) == (True, True)


def test_a_deadline_that_is_exceeded_is_its_end() -> None:
    reason = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too long"}
    assert stand(workload(updatedReplicas=0, conditions=[reason])) == (False, "too long", True, False)
