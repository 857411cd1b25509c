"""How large the pods of apps are: by those that were seen, else by the template.

What admission adds to a pod (a LimitRange's defaults, a RuntimeClass's overhead) the template does not say. What was
seen counts until there is a new revision.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from scaler.requests import Requests
from scaler.runtimes.kubernetes.discovery.found import Found
from scaler.runtimes.kubernetes.headroom.room import Sleeper
from scaler.runtimes.kubernetes.pods.pod import Pod
from torpor.words import AppId


class Sees(Protocol):
    """What is asked of a picture."""

    @property
    def apps(self) -> Mapping[AppId, Found]: ...
    def pods(self, app: AppId, /) -> list[Pod]: ...


class _Seen(NamedTuple):
    template: str
    requests: Requests


class Sizes:
    """Of all apps of a picture."""

    def __init__(self, picture: Sees) -> None:
        self._picture = picture
        self._seen: dict[AppId, _Seen] = {}

    def look(self, apps: Iterable[AppId]) -> None:
        """The apps or their pods have changed."""
        for app in apps:
            found = self._picture.apps.get(app)
            if found is None or found.workload is None:
                self._seen.pop(app, None)
            elif found.workload.up and (
                pods := [pod for pod in self._picture.pods(app) if not (pod.deleting or pod.over)]
            ):
                cpu = max(pod.requests.cpu for pod in pods)
                memory = max(pod.requests.memory for pod in pods)
                self._seen[app] = _Seen(found.workload.template, Requests(cpu, memory))

    def sleepers(self) -> list[Sleeper]:
        """Those that sleep now."""
        return [
            Sleeper(self.of(found), found.wakes_to)
            for found in self._picture.apps.values()
            if found.workload is not None and not found.workload.up
        ]

    def of(self, found: Found) -> Requests:
        """One of its pods."""
        if found.workload is None:
            return Requests()
        seen = self._seen.get(found.id)
        return (
            seen.requests if seen is not None and seen.template == found.workload.template else found.workload.requests
        )
