"""Which pods belong to which app, kept as pods and apps come and go. A change costs as much as it touches."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from scaler.runtimes.kubernetes.objects.selector import Selector
from scaler.runtimes.kubernetes.pods.pod import Pod
from torpor.words import AppId


class Selects(Protocol):
    """Whoever knows the apps' selectors."""

    def selecting(self, namespace: str, labels: Mapping[str, str], /) -> Iterable[AppId]:
        """The apps to which a pod with these labels belongs."""


class Owners:
    """Pods by app."""

    def __init__(self, apps: Selects) -> None:
        self._apps = apps
        self._pods: dict[str, dict[str, Pod]] = {}
        self._chosen: dict[AppId, Selector] = {}
        self._of: dict[AppId, dict[str, Pod]] = {}

    def of(self, app: AppId) -> list[Pod]:
        """The app's pods, by name."""
        found = self._of.get(app, {})
        return [found[name] for name in sorted(found)]

    def choose(self, app: AppId, namespace: str, selector: Selector | None) -> None:
        """An app chooses its pods so from now on; None when it is there no more, or has none to choose."""
        if selector is None:
            self._chosen.pop(app, None)
            self._of.pop(app, None)
        elif self._chosen.get(app) != selector:
            self._chosen[app] = selector
            pods = self._pods.get(namespace, {}).values()
            self._of[app] = {pod.name: pod for pod in pods if selector.matches(pod.labels)}

    def put(self, pod: Pod) -> set[AppId]:
        """A pod is new or has changed; the apps that it concerns, those that it has left included."""
        before = self._pods.setdefault(pod.namespace, {}).get(pod.name)
        self._pods[pod.namespace][pod.name] = pod
        touched: set[AppId] = set()
        if before is not None and before.labels != pod.labels:
            touched = self._drop(before)
        for app in self._apps.selecting(pod.namespace, pod.labels):
            self._of.setdefault(app, {})[pod.name] = pod
            touched.add(app)
        return touched

    def remove(self, namespace: str, name: str) -> set[AppId]:
        """A pod is gone; the apps that it belonged to."""
        pod = self._pods.get(namespace, {}).pop(name, None)
        if pod is None:
            return set()
        if not self._pods[namespace]:
            del self._pods[namespace]
        return self._drop(pod)

    def _drop(self, pod: Pod) -> set[AppId]:
        touched = set()
        for app in self._apps.selecting(pod.namespace, pod.labels):
            if self._of.get(app, {}).pop(pod.name, None) is not None:
                touched.add(app)
        return touched
