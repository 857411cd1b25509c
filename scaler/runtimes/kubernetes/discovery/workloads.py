"""All workloads that are there, managed or not: by what selects them, by app and by namespace."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from scaler.runtimes.kubernetes.discovery.labels import ByLabels
from scaler.runtimes.kubernetes.objects.remembered import WRITTEN
from scaler.runtimes.kubernetes.objects.service import Service
from scaler.runtimes.kubernetes.objects.workload import MANAGED, Ref, Workload
from torpor.words import AppId

_FIRST = {("apps", "Deployment"): 0, ("apps", "StatefulSet"): 1}


class Workloads:
    """An index of workloads. Of two managed ones with one name, one holds the app: a Deployment, else a StatefulSet."""

    def __init__(self) -> None:
        self._all: dict[Ref, Workload] = {}
        self._labels: ByLabels[Ref] = ByLabels()
        self._by_app: dict[AppId, dict[Ref, None]] = {}
        self._by_namespace: dict[str, dict[Ref, None]] = {}

    def put(self, workload: Workload) -> None:
        """It is so now."""
        ref, before = workload.ref, self._all.get(workload.ref)
        self._all[ref] = workload
        self._by_app.setdefault(workload.app, {})[ref] = None
        self._by_namespace.setdefault(ref.namespace, {})[ref] = None
        if before is None or before.labels != workload.labels:
            self._labels.put(ref, ref.namespace, workload.labels)

    def remove(self, workload: Workload) -> None:
        """It is gone."""
        ref = workload.ref
        del self._all[ref]
        self._labels.remove(ref)
        for by, key in ((self._by_app, workload.app), (self._by_namespace, ref.namespace)):
            del by[key][ref]
            if not by[key]:
                del by[key]

    def named(self, app: AppId) -> list[Workload]:
        """All of this name, whatever their kind and managed or not."""
        return [self._all[ref] for ref in self._by_app.get(app, ())]

    def holder(self, app: AppId) -> Workload | None:
        """The workload that is this app."""
        managed = (workload for workload in self.named(app) if workload.managed)
        return min(managed, key=lambda one: (_FIRST.get((one.ref.group, one.ref.kind), 2), one.ref), default=None)

    def inside(self, namespace: str) -> list[Workload]:
        """Those of a namespace."""
        return [self._all[ref] for ref in self._by_namespace.get(namespace, ())]

    def selected(self, service: Service | None) -> list[Workload]:
        """Those whose pods a Service selects, in order of their names."""
        if service is None or service.selector is None:
            return []
        return [self._all[ref] for ref in sorted(self._labels.having(service.ref.namespace, service.selector.labels))]

    def holders(self, workloads: Iterable[Workload]) -> list[Workload]:
        """Those of them that are apps."""
        return [workload for workload in workloads if workload.managed and self.holder(workload.app) is workload]


def opted_in(workload: Workload, namespace: Mapping[str, str]) -> Workload:
    """The workload, with its namespace's labels taken into account."""
    managed = workload.opted == "true" or (namespace.get(MANAGED) == "true" and workload.opted != "false")
    return workload if managed is workload.managed else replace(workload, managed=managed)


def only_moved(before: Workload, after: Workload) -> bool:
    """Whether only that has changed which changes all the time: its status, its count, what we remember on it."""
    return _said(before) == _said(after) and after == replace(
        before,
        replicas=after.replicas,
        remembered=after.remembered,
        annotations=after.annotations,
        resource_version=after.resource_version,
        generation=after.generation,
    )


def _said(workload: Workload) -> dict[str, str]:
    return {key: value for key, value in workload.annotations.items() if key not in WRITTEN}
