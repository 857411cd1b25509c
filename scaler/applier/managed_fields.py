"""Which fields of an object are ours by an earlier apply: `metadata.managedFields` (FieldsV1), read with care."""

from collections.abc import Mapping

from scaler.applier.sets import MANAGER
from scaler.runtimes.kubernetes.objects.reading import items, mapping, text


def applied_by_us(meta: Mapping[str, object]) -> bool:
    """We have applied it, whatever of it is still ours."""
    return _ours(meta) is not None


def owns(meta: Mapping[str, object], *path: str) -> bool:
    """A field such as `spec`, `replicas` is ours, alone or beside others."""
    found: object = _ours(meta)
    for name in path:
        found = mapping(found).get(f"f:{name}")
    return found is not None


def _ours(meta: Mapping[str, object]) -> Mapping[str, object] | None:
    for entry in items(meta.get("managedFields")):
        source = mapping(entry)
        ours = text(source.get("manager")) == MANAGER and text(source.get("operation")) == "Apply"
        if ours and not text(source.get("subresource")):
            return mapping(source.get("fieldsV1"))
    return None
