"""How far one pod has come on its way to serving, or why it will not."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from scaler.runtimes.kubernetes.pods.faults import fault
from scaler.runtimes.kubernetes.pods.notes import Note
from scaler.runtimes.kubernetes.pods.pod import Condition, Pod
from scaler.stage import INIT, PREPARING, PROBING, PULLING, SCHEDULING, STARTING

GRACE = 5.0
"""Seconds for what may well pass: no room for a pod while others are leaving, a node that has just been lost."""
_NEW_NODE = frozenset({"TriggeredScaleUp", "Nominated"})
"""What the cluster autoscaler and Karpenter note on a pod that gets a node of its own."""
_NO_NODE = "NotTriggerScaleUp"
_QUOTED = re.compile(r'"([^"]+)"')


class Rank(IntEnum):
    """The further, the more there is to tell of it."""

    NOWHERE = 0
    SCHEDULED = 1
    PULLING = 2
    INIT = 3
    STARTED = 4
    PROBED = 5

    @property
    def stage(self) -> str:
        """The kind of stage that this is."""
        return (SCHEDULING, PREPARING, PULLING, INIT, STARTING, PROBING)[self]


class Hope(NamedTuple):
    """A pod on its way, in words that are not fit for visitors yet; so for Doom."""

    rank: Rank
    stage: str
    until: float | None = None
    """Hope ends when the start has taken that many seconds."""


class Doom(NamedTuple):
    """A pod that will not serve unless somebody mends something."""

    reason: str
    over: bool = False
    """The pod itself is over; another may come in its place."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is known of a start at one moment."""

    pods: Sequence[Pod]
    """All of the workload's, those that are leaving too."""
    waited: float
    """Seconds since the start was asked for."""
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    """The workload's own."""
    notes: Sequence[Note] = ()
    """Those that concern it and have come since the start, the oldest first."""
    autoscaled: bool = False
    """Somebody in the cluster makes nodes when there is no room."""
    lost_nodes: Mapping[str, str] = field(default_factory=dict)
    """Nodes that are not ready, each with the cluster's words why."""
    unsettled: bool = False
    """A node has stopped being ready or is ready again, and that not long since: there may be room on it soon."""
    probed: Mapping[str, str] = field(default_factory=dict)
    """Pods by uid that are being probed, with what is asked and what was answered."""
    over_before: frozenset[str] = frozenset()
    """The uids of pods that were over when the start began."""

    @property
    def leaving(self) -> bool:
        """Some pods are on their way out, and hold what they have until they are gone."""
        return any(pod.deleting for pod in self.pods)


def prospect(pod: Pod, scene: Scene) -> Hope | Doom:
    """Where a pod that is not leaving stands."""
    if pod.over:
        said = f": {pod.why.message}" if pod.why.message else ""
        return Doom(f"{pod.why.reason or 'the pod has ended'}{said}", over=True)
    if not pod.node:
        return _unscheduled(pod, scene)
    for container in pod.containers:
        if (reason := fault(container)) is not None:
            return Doom(reason)
    if any(container.running for container in pod.containers if not container.init):
        return _started(pod, scene)
    if pod.node in scene.lost_nodes:
        words = f"node {pod.node} is not ready: {scene.lost_nodes[pod.node]}"
        return Hope(Rank.NOWHERE, words, GRACE) if scene.waited < GRACE else Doom(words)
    return _starting(pod, scene)


def _unscheduled(pod: Pod, scene: Scene) -> Hope | Doom:
    scheduled = pod.conditions.get("PodScheduled")
    if scheduled is None or scheduled.holds:
        return Hope(Rank.NOWHERE, "waiting for a node")
    reason, said = scheduled.why
    words = f"{reason}: {said}" if said else reason or "Unschedulable"
    waiting = f"waiting for a node: {said}" if said else "waiting for a node"
    last = next((note for note in _of(pod, scene) if note.reason in _NEW_NODE or note.reason == _NO_NODE), None)
    if last is not None and last.reason in _NEW_NODE:
        return Hope(Rank.NOWHERE, "waiting for a new node")
    if pod.nominated:
        return Hope(Rank.NOWHERE, f"waiting for room on {pod.nominated}")
    if last is not None:
        return Doom(f"{words} ({last.message})" if last.message else words)
    if scene.autoscaled or scene.leaving or scene.unsettled or reason != "Unschedulable" or "unbound immediate" in said:
        return Hope(Rank.NOWHERE, waiting)
    return Hope(Rank.NOWHERE, waiting, GRACE) if scene.waited < GRACE else Doom(words)


def _starting(pod: Pod, scene: Scene) -> Hope:
    first = next((container for container in pod.containers if container.init and not container.done), None)
    if first is not None and first.running:
        return Hope(Rank.INIT, f"init container {first.name}")
    ended = next((one for one in pod.containers if one.exited is not None and not one.done), None)
    if ended is not None and ended.exited is not None:
        return Hope(Rank.STARTED, f"starting {ended.name} again after exit code {ended.exited.code}")
    last = next((note for note in _of(pod, scene) if note.reason != "FailedScheduling"), None)
    if last is not None and last.reason == "Pulling":
        image = _QUOTED.search(last.message)
        return Hope(Rank.PULLING, f"pulling {image[1] if image else 'an image'}")
    if last is not None and last.warning:
        return Hope(Rank.SCHEDULED, f"{last.reason}: {last.message}")
    return Hope(Rank.SCHEDULED, f"scheduled on {pod.node}")


def _started(pod: Pod, scene: Scene) -> Hope:
    if pod.uid in scene.probed:
        return Hope(Rank.PROBED, f"probing {scene.probed[pod.uid]}")
    return Hope(Rank.STARTED, "started")


def _of(pod: Pod, scene: Scene) -> Sequence[Note]:
    """What was noted about a pod, the latest first."""
    return [note for note in reversed(scene.notes) if note.uid == pod.uid]
