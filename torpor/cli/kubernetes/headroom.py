"""Whether the placeholders that hold room for wakes are there, and what keeps them from it."""

from collections.abc import Iterable
from typing import NamedTuple

from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS, PODS, PRIORITY_CLASSES, Kind
from scaler.runtimes.kubernetes.discovery.found import Found
from scaler.runtimes.kubernetes.headroom.placeholders import NAME, SELECTOR, read_held
from scaler.runtimes.kubernetes.objects.reading import mapping, number
from scaler.runtimes.kubernetes.objects.requests import in_words
from scaler.runtimes.kubernetes.pods.pod import Pod, read_conditions, read_pod
from torpor.cli.findings import Finding, Grade, count
from torpor.cli.kubernetes.permissions import Permission
from torpor.headroom_settings import HeadroomSettings
from torpor.quantity import millis, whole

TOPIC = "Headroom"
_APPLY = "kubectl apply -f examples/kubernetes/headroom.yaml"


class Seen(NamedTuple):
    """What there is of it; None where there is none."""

    priority_class: Json | None
    deployment: Json | None
    pods: list[Pod]


def permissions(settings: HeadroomSettings, home: str) -> list[Permission]:
    """What the scaler needs for it."""
    verbs = ("get", "list", "watch", "create", "patch", "delete")
    return [
        *(Permission(verb, DEPLOYMENTS.group, DEPLOYMENTS.plural, home, NAME) for verb in verbs),
        Permission("get", PRIORITY_CLASSES.group, PRIORITY_CLASSES.plural, name=settings.priority_class),
    ]


async def look(cluster: Cluster, settings: HeadroomSettings | None, home: str, apps: Iterable[Found]) -> list[Finding]:
    """Look, in Torpor's own namespace `home`. What may not be read is said to be unknown; raises other ApiErrors."""
    try:
        deployment = await _find(cluster, DEPLOYMENTS, home, NAME)
        if settings is None:
            return _off(home) if deployment is not None else []
        named = await _find(cluster, PRIORITY_CLASSES, None, settings.priority_class)
        pods = [read_pod(pod) for pod in await cluster.list_all(PODS, home, label_selector=SELECTOR)]
    except ApiError as error:
        if error.status != 403:
            raise
        fix = "Ask for the permission, or use another context."
        return [Finding(Grade.NOTE, f"how the placeholders are cannot be seen: {error.message}", fix, TOPIC)]
    return findings(settings, home, Seen(named, deployment, pods), list(apps))


def findings(settings: HeadroomSettings, home: str, seen: Seen, apps: list[Found]) -> list[Finding]:
    """What is to be said of it. Pure."""
    return [
        Finding(grade, text, fix, TOPIC, about)
        for grade, text, fix, about in (*_class(settings, seen), *_there(home, seen, apps), *_too_large(settings, apps))
    ]


type _Said = tuple[Grade, str, str, tuple[str, ...]]


def _class(settings: HeadroomSettings, seen: Seen) -> Iterable[_Said]:
    name = settings.priority_class
    if seen.priority_class is None:
        yield Grade.WRONG, f"there is no PriorityClass {name}, so there are no placeholders", _APPLY, ()
    elif number(seen.priority_class.get("value"), 0) >= 0:
        text = f"the value of PriorityClass {name} is not below zero: placeholders would be in others' way"
        yield Grade.WRONG, text, f"Delete it, and {_APPLY}", ()


def _there(home: str, seen: Seen, apps: list[Found]) -> Iterable[_Said]:
    if seen.deployment is None:
        sleeping = [app for app in apps if app.workload and not app.workload.up and any(app.workload.requests)]
        if sleeping and seen.priority_class is not None:
            text = f"{count(len(sleeping), 'app')} asleep, and no placeholders are there"
            yield Grade.WRONG, text, "The log of the scaler that leads says why.", ()
        return
    held = read_held(seen.deployment)
    if not held.ours:
        text = f"the Deployment {home}/{NAME} is not Torpor's, so there are no placeholders"
        yield Grade.WRONG, text, "Give it another name.", ()
        return
    failure = read_conditions(mapping(seen.deployment.get("status"))).get("ReplicaFailure")
    waiting = [pod for pod in seen.pods if not pod.node]
    if failure is not None and failure.holds:
        quota = "exceeded quota" in failure.why.message
        fix = f"Raise the quota of the namespace {home}, or lower kubernetes.headroom." if quota else _ASK.format(home)
        yield Grade.WRONG, f"placeholders cannot be made: {failure.why.message}", fix, ()
    elif waiting:
        text = f"placeholders without room: {len(waiting)} of {held.room.pods}; the next wake may wait for a node"
        yield Grade.NOTE, text, "They get it from a new node, or from an app that sleeps; or lower the setting.", ()
    else:
        yield Grade.OK, f"{count(held.room.pods, 'placeholder')} of {in_words(held.room.each)}", "", ()


_ASK = "kubectl -n {} describe replicasets -l " + SELECTOR + " tells more"


def _too_large(settings: HeadroomSettings, apps: list[Found]) -> Iterable[_Said]:
    cpu, memory = millis(settings.most_cpu), whole(settings.most_memory)
    large = [app.workload for app in apps if app.workload is not None]
    about = [str(one.ref) for one in large if one.requests.cpu > cpu or one.requests.memory > memory]
    if about:
        text = "asks for more than a placeholder may hold: its wake may wait for a node"
        yield Grade.NOTE, text, "Raise kubernetes.headroom.cpu and memory where that matters.", tuple(sorted(about))


def _off(home: str) -> list[Finding]:
    fix = f"A scaler that leads removes them, where it may; else kubectl -n {home} delete deployment {NAME}"
    return [Finding(Grade.NOTE, "placeholders are left from before headroom was turned off", fix, TOPIC)]


async def _find(cluster: Cluster, kind: Kind, namespace: str | None, name: str) -> Json | None:
    try:
        return await cluster.get(kind, namespace, name)
    except ApiError as error:
        if not error.not_found:
            raise
        return None
