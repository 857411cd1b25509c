"""What a start is doing now, for people who wait; or why it is over (promise 6: a terminal reason ends it at once).

As long as one pod can still become ready, the others' troubles are theirs: a broken pod of an old revision does not
fail a wake, nor does one that is slow to leave.
"""

from typing import NamedTuple

from scaler.runtimes.kubernetes.pods.stages import GRACE, Doom, Hope, Scene, prospect
from scaler.runtimes.kubernetes.pods.wording import fit
from scaler.stage import ENDING, SCHEDULING, Stage

_NO_POD = "FailedCreate"
_FINAL = ("is forbidden", "denied the request", "is invalid", "denied request")
"""What the API server says of a pod that it will not take, now or later."""
_SOON = "error looking up service account"
"""Unless it says this: a namespace that has just been made gets its own a moment later."""
_PASSING = ("object is being deleted", "already exists")
"""What it says while a pod of the same name is on its way out."""


class Progress(NamedTuple):
    """It goes on."""

    stage: Stage
    again: float | None = None
    """Seconds until another look is worth it though nothing has changed."""


class Failed(NamedTuple):
    """It is over: the reason is in the cluster's own words, fit for a visitor's eyes."""

    reason: str


def progress(scene: Scene) -> Progress | Failed:
    """Look at all that is known."""
    here = sorted(
        (pod for pod in scene.pods if not pod.deleting and not (pod.over and pod.uid in scene.over_before)),
        key=lambda pod: (pod.created, pod.name),
        reverse=True,
    )
    prospects = [prospect(pod, scene) for pod in here]
    hopes = [one for one in prospects if isinstance(one, Hope)]
    if hopes:
        best = max(hopes, key=lambda hope: hope.rank)
        again = min((_left(scene, one.until) for one in hopes if one.until), default=None)
        return Progress(Stage(best.rank.stage, fit(best.stage)), again)
    dooms = [one for one in prospects if isinstance(one, Doom)]
    if not dooms:
        return _no_pod(scene)
    reason = next((doom.reason for doom in dooms if not doom.over), dooms[0].reason)
    if len(dooms) == 1 and dooms[0].over and scene.waited < GRACE:
        return Progress(_scheduling(f"waiting for another pod: {reason}"), _left(scene, GRACE))
    return Failed(fit(reason))


def _no_pod(scene: Scene) -> Progress | Failed:
    waiting = "waiting for the last pod to end" if scene.leaving else "waiting for a pod"
    said = _refusal(scene)
    if not said or any(words in said for words in _PASSING) or (scene.leaving and "exceeded quota" in said):
        return Progress(Stage(ENDING, waiting) if scene.leaving else _scheduling(waiting))
    reason = fit(f"{_NO_POD}: {said}")
    if (any(words in said for words in _FINAL) and _SOON not in said) or scene.waited >= GRACE:
        return Failed(reason)
    return Progress(_scheduling(f"{waiting}: {said}"), _left(scene, GRACE))


def _scheduling(words: str) -> Stage:
    return Stage(SCHEDULING, fit(words))


def _refusal(scene: Scene) -> str:
    """Why no pod could be made, as told last. A StatefulSet tells it in its Events alone."""
    condition = scene.conditions.get("ReplicaFailure")
    if condition is not None and condition.holds and condition.why.reason == _NO_POD:
        return condition.why.message
    told = next((note for note in reversed(scene.notes) if note.reason in (_NO_POD, "SuccessfulCreate")), None)
    if told is None or told.reason != _NO_POD:
        return ""
    return told.message.removeprefix("(combined from similar events): ").removeprefix("Error creating: ")


def _left(scene: Scene, until: float) -> float:
    return max(0.0, until - scene.waited)
