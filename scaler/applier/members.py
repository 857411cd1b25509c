"""The objects of a set as they are in the cluster: those with its label, and which of them are ours."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from scaler.applier.managed_fields import applied_by_us
from scaler.applier.report import Outcome
from scaler.applier.sets import APPLIED_AT, EXPIRES_IN, LABEL, SetId, is_name
from scaler.applier.trouble import outcome
from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.objects.reading import Malformed, Ref, items, mapping, read_meta
from torpor.duration import parse_duration

LATEST = 4_102_444_800.0
"""Unix seconds; who says that something was applied after the year 2099 is not believed."""


@dataclass(frozen=True, slots=True)
class Member:
    """An object with the label of a set."""

    kind: Kind
    set: SetId
    name: str
    uid: str
    version: str
    ours: bool
    """We have applied it, and no controller has made it."""
    deleting: bool
    expires_in: float | None
    """Seconds."""
    applied_at: float | None
    """Unix seconds."""

    @property
    def ref(self) -> Ref:
        """For Events on it."""
        kind = self.kind
        return Ref(kind.group, kind.version, kind.plural, kind.kind, self.set.namespace, self.name)


def read_member(kind: Kind, source: object) -> Member | None:
    """None for what is of no set."""
    try:
        meta = read_meta(source)
    except Malformed:
        return None
    name = meta.labels.get(LABEL, "")
    if not meta.namespace or not is_name(name):
        return None
    raw = mapping(mapping(source).get("metadata"))
    controlled = any(mapping(owner).get("controller") is True for owner in items(raw.get("ownerReferences")))
    return Member(
        kind,
        SetId(meta.namespace, name),
        meta.name,
        meta.uid,
        meta.resource_version,
        ours=applied_by_us(raw) and not controlled,
        deleting=bool(raw.get("deletionTimestamp")),
        expires_in=_period(meta.annotations.get(EXPIRES_IN, "")),
        applied_at=_moment(meta.annotations.get(APPLIED_AT, "")),
    )


async def members(cluster: Cluster, kinds: Iterable[Kind], namespace: str, name: str = "") -> list[Member]:
    """Of one set, or of all in a namespace. Raises ApiError."""
    selector = f"{LABEL}={name}" if name else LABEL
    found: list[Member] = []
    for kind in kinds:
        sources = await cluster.list_all(kind, namespace, label_selector=selector, metadata=True)
        found += [member for source in sources if (member := read_member(kind, source)) is not None]
    return found


async def live(cluster: Cluster, kind: Kind, namespace: str, name: str) -> Json | None:
    """An object; None where there is none. Raises ApiError, never one after which something may have been done."""
    try:
        return await cluster.get(kind, namespace, name)
    except ApiError as error:
        if error.not_found:
            return None
        if outcome(error, Outcome.REFUSED) is Outcome.UNKNOWN:
            raise Unreachable(str(error), sent=False) from error
        raise


def _period(written: str) -> float | None:
    try:
        return (parse_duration(written) or None) if 0 < len(written) <= 40 else None
    except ValueError:
        return None


def _moment(written: str) -> float | None:
    try:
        moment = datetime.fromisoformat(written) if 0 < len(written) <= 40 else None
        found = moment.timestamp() if moment is not None and moment.tzinfo is not None else None
        return found if found is None or 0 <= found <= LATEST else None
    except (ValueError, OverflowError):
        return None
