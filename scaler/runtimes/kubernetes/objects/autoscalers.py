"""Others who scale workloads too: the HorizontalPodAutoscaler, and KEDA's ScaledObject."""

from dataclasses import dataclass
from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.reading import (
    KindOf,
    Malformed,
    Ref,
    mapping,
    number,
    read_meta,
    read_ref,
    text,
)


class Target(NamedTuple):
    """Whom it scales, in its own namespace. The version does not matter."""

    group: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """One HorizontalPodAutoscaler."""

    ref: Ref
    target: Target
    least: int
    most: int

    def clamp(self, replicas: int) -> int:
        """The count nearest to `replicas` within its bounds."""
        return max(self.least, min(replicas, max(self.least, self.most)))


@dataclass(frozen=True, slots=True)
class ScaledObject:
    """One of KEDA's: it makes a HorizontalPodAutoscaler of its own, and scales to zero by itself."""

    ref: Ref
    target: Target


def read_autoscaler(kind: KindOf, source: object) -> Autoscaler:
    """Raises Malformed."""
    ref, target = _target(kind, source, "")
    spec = mapping(mapping(source).get("spec"))
    least = max(1, number(spec.get("minReplicas"), 1))  # 0 needs a feature gate, and would wake nobody
    return Autoscaler(ref, target, least, max(least, number(spec.get("maxReplicas"), least)))


def read_scaled_object(kind: KindOf, source: object) -> ScaledObject:
    """Raises Malformed."""
    return ScaledObject(*_target(kind, source, "Deployment"))


def _target(kind: KindOf, source: object, usual: str) -> tuple[Ref, Target]:
    meta = read_meta(source)
    named = mapping(mapping(mapping(source).get("spec")).get("scaleTargetRef"))
    target = text(named.get("kind"), usual)
    group = text(named.get("apiVersion"), "apps/v1" if usual else "").rpartition("/")[0]
    if not (meta.namespace and target and text(named.get("name"))):
        raise Malformed("spec.scaleTargetRef names nobody")
    return read_ref(kind, meta), Target(group, target, meta.namespace, text(named.get("name")))
