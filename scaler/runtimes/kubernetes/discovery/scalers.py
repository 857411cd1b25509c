"""Who else scales which workload: HorizontalPodAutoscalers and KEDA's ScaledObjects, by target."""

from typing import Protocol

from scaler.runtimes.kubernetes.objects.autoscalers import Target
from scaler.runtimes.kubernetes.objects.reading import Ref
from torpor.words import AppId


class _Scales(Protocol):
    @property
    def ref(self) -> Ref: ...
    @property
    def target(self) -> Target: ...


class Scalers[T: _Scales]:
    """An index of one kind of them."""

    def __init__(self) -> None:
        self._on: dict[Target, dict[Ref, T]] = {}

    def change(self, before: T | None, after: T | None) -> set[AppId]:
        """The apps that have to be looked at again."""
        for one in (before, after):
            if one is None:
                continue
            scalers = self._on.setdefault(one.target, {})
            scalers.pop(one.ref, None)
            if one is after:
                scalers[one.ref] = one
            if not scalers:
                del self._on[one.target]
        return {f"{one.target.namespace}/{one.target.name}" for one in (before, after) if one is not None}

    def of(self, workload: Ref) -> T | None:
        """The one on a workload, of several the first by name."""
        scalers = self._on.get(Target(workload.group, workload.kind, workload.namespace, workload.name), {})
        return scalers[min(scalers)] if scalers else None
