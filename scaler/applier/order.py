"""What somebody has asked for: which set, in which namespace, for how long. All of it is checked, and nothing done."""

from collections.abc import Sequence
from dataclasses import dataclass

from scaler.applier.errors import NotAllowed
from scaler.applier.manifests import Manifest
from scaler.applier.sets import EXPIRES_IN, LABEL, SetId, is_name
from torpor.duration import parse_duration
from torpor.yamlfile import Mistake, YamlError


@dataclass(frozen=True, slots=True)
class Order:
    """As it was asked. Durations in seconds."""

    manifests: str
    set: str | None = None
    """Else the label torpor.dev/set in the manifests says it."""
    namespace: str | None = None
    """Else metadata.namespace in the manifests says it, or there is only one that is allowed."""
    dry_run: bool = False
    force_conflicts: bool = False
    wait: float = 0.0
    """How long to wait until all of it is rolled out."""
    wake: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be."""

    set: SetId
    manifests: tuple[Manifest, ...]
    expires: bool
    """Some of the manifests say when the set expires."""


def wanted(order: Order, manifests: Sequence[Manifest], allowed: Sequence[str]) -> Wanted:
    """One set in one allowed namespace. Raises YamlError, NotAllowed."""
    namespace = _namespace(order, manifests, allowed)
    name = _agreed(manifests, "set", order.set, [one.labels.get(LABEL) for one in manifests], ("labels", LABEL))
    if name is None:
        raise YamlError([Mistake(None, f"which set it is says --set (set=…), or the label {LABEL} in the manifests")])
    if not is_name(name):
        allowed_names = "allowed are up to 63 lower-case letters, digits and hyphens"
        raise YamlError([Mistake(None, f"{name[:100]!r} is no name of a set; {allowed_names}")])
    said = [one.annotations.get(EXPIRES_IN) for one in manifests]
    period = _agreed(manifests, "time", None, said, ("annotations", EXPIRES_IN))
    if period is not None:
        try:
            if parse_duration(period) <= 0:
                raise ValueError("0 is not allowed; a set that never expires says nothing")
        except ValueError as error:
            at = next(one for one, text in zip(manifests, said, strict=True) if text is not None)
            raise YamlError([at.mistake(f"{EXPIRES_IN}: {error}", "metadata", "annotations", EXPIRES_IN)]) from None
    return Wanted(SetId(namespace, name), tuple(manifests), expires=period is not None)


def _namespace(order: Order, manifests: Sequence[Manifest], allowed: Sequence[str]) -> str:
    if not allowed:
        raise NotAllowed("nothing may be applied here; kubernetes.apply.namespaces names where something may")
    said = [one.namespace or None for one in manifests]
    found = _agreed(manifests, "namespace", order.namespace, said, ("namespace",))
    if found is None:
        if len(allowed) > 1:
            message = "which namespace it is says --namespace (namespace=…), or metadata.namespace in the manifests"
            raise YamlError([Mistake(None, message)])
        found = allowed[0]
    if found not in allowed:
        raise NotAllowed(f"nothing may be applied in the namespace {found[:100]!r}; allowed are {', '.join(allowed)}")
    return found


def _agreed(
    manifests: Sequence[Manifest],
    what: str,
    asked: str | None,
    said: Sequence[str | None],
    path: tuple[str, ...],
) -> str | None:
    """What all say that say anything. Raises YamlError."""
    found = asked
    mistakes: list[Mistake] = []
    for manifest, text in zip(manifests, said, strict=True):
        if text is not None and found is not None and text != found:
            message = f"the {what} is {text[:100]!r} here and {found[:100]!r} elsewhere; a set has one"
            mistakes.append(manifest.mistake(message, "metadata", *path))
        found = text if found is None else found
    if mistakes:
        raise YamlError(mistakes)
    return found
