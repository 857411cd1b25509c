"""How far a rollout has come, by what a workload says of itself: the rules of `kubectl rollout status`, pure."""

from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.reading import items, mapping, number, text

ASLEEP = "asleep; the next visit starts what was applied"


class Stand(NamedTuple):
    """`failed`: it will not come about. `words` are for people."""

    done: bool
    words: str
    failed: bool = False
    asleep: bool = False


def stand(source: object) -> Stand:
    """Of a Deployment, a StatefulSet, or what says `status.updatedReplicas` as they do."""
    meta = mapping(mapping(source).get("metadata"))
    spec, status = mapping(mapping(source).get("spec")), mapping(mapping(source).get("status"))
    wanted = number(spec.get("replicas"), 1)
    if wanted == 0:
        return Stand(True, ASLEEP, asleep=True)
    if number(status.get("observedGeneration"), 0) < number(meta.get("generation"), 0):
        return Stand(False, "waiting for the cluster to look at it")
    for condition in items(status.get("conditions")):
        said = mapping(condition)
        if said.get("type") == "Progressing" and said.get("reason") == "ProgressDeadlineExceeded":
            return Stand(False, text(said.get("message")) or "it does not get on", failed=True)
    updated, ready = number(status.get("updatedReplicas"), 0), number(status.get("availableReplicas"), 0)
    total = number(status.get("replicas"), 0)
    on_delete = mapping(spec.get("updateStrategy")).get("type") == "OnDelete"
    if updated < wanted and not on_delete:
        return Stand(False, f"{updated} of {wanted} pods are of the new revision")
    if total > wanted:
        return Stand(False, f"{total - wanted} pods of the old revision are still there")
    if ready < wanted:
        return Stand(False, f"{ready} of {wanted} pods are available")
    return Stand(True, f"{wanted} of {wanted} pods are available")
