"""One manifest applied on the server's side: nothing that is somebody else's is taken, unless that was asked for.

A workload is written on the version that was looked at, so that a sleep or a wake in between is seen and decided upon
anew. What a sleep or a wake has written is nobody else's: it is taken, on that very version, when nothing else is in
the way.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from scaler.applier.body import body, counted
from scaler.applier.catalogue import Target
from scaler.applier.diff import diff
from scaler.applier.members import live
from scaler.applier.replicas import is_memory
from scaler.applier.report import Conflict, Done, Outcome
from scaler.applier.sets import LABEL, MANAGER, OURS, SetId
from scaler.applier.trouble import outcome
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError, Cause
from scaler.runtimes.kubernetes.objects.reading import mapping, text
from torpor.yamlfile import Path

type Json = dict[str, Any]

TRIES = 5
"""A status moves a few times a second at most."""
ASLEEP = "it sleeps, and goes on sleeping"
_OWNER = re.compile(r'conflict with "([^"]*)"')
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class How:
    """What holds for all objects of an order."""

    set: SetId
    at: float
    """Unix seconds."""
    force: bool
    dry_run: bool
    show: bool
    """What would change is wanted as a diff."""
    counting: frozenset[str]
    """The kinds that have replicas, as roles name them."""
    namespace_managed: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What was done, and the object as it is then (None: it was not done)."""

    done: Done
    after: Json | None = None
    asleep: bool = False


async def write(cluster: Cluster, target: Target, how: How) -> Written:
    """Apply it. Whatever goes wrong is in what it returns."""
    manifest, kind = target
    try:
        before, after, asleep = await _apply(cluster, target, how)
    except _Owned as owned:
        return Written(_done(target, Outcome.CONFLICT, conflicts=owned.conflicts))
    except ApiError as error:
        found = outcome(error, Outcome.REFUSED, dry_run=how.dry_run)
        return Written(
            _refused(target, error) if found is Outcome.REFUSED else _done(target, found, detail=error.message)
        )
    same = before is not None and _version(before) == _version(after)
    shown = ""
    if how.show:
        shown = await asyncio.to_thread(diff, before, after)
        same = before is not None and not shown
    found = Outcome.CREATED if before is None else Outcome.UNCHANGED if same else Outcome.CHANGED
    done = Done(
        kind.resource, manifest.name, found, manifest.number, manifest.line, ASLEEP if asleep else "", (), shown
    )
    return Written(done, after, asleep)


class _Owned(Exception):  # noqa: N818 - reads as what it is
    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        self.conflicts = conflicts
        super().__init__(conflicts)


async def _apply(cluster: Cluster, target: Target, how: How) -> tuple[Json | None, Json, bool]:
    for last in (False,) * (TRIES - 1) + (True,):
        before = await live(cluster, target.kind, how.set.namespace, target.manifest.name)
        _check(before, how)
        count = None
        if target.kind.resource in how.counting:
            count = counted(target.manifest, before, namespace_managed=how.namespace_managed)
        version = _version(before) if before is not None and count is not None else None
        told = body(target.manifest, how.set, count, at=how.at, version=version)
        try:
            return before, await _send(cluster, target, how, told, force=how.force), count is not None and count.asleep
        except ApiError as error:
            conflicts = _conflicts(error)
            if not error.conflict or (last and not conflicts):
                raise
            if not conflicts:
                continue  # it has changed since it was looked at
            others = tuple(one for one in conflicts if not (one.owner in OURS and is_memory(one.field)))
            if version is None or others:
                raise _Owned(others or tuple(conflicts)) from None
        try:
            return before, await _send(cluster, target, how, told, force=True), count is not None and count.asleep
        except ApiError as changed:
            if not changed.conflict or last:
                raise
    raise AssertionError("the last try returns or raises")


def _check(before: Json | None, how: How) -> None:
    """Objects on their way out, and those of other sets. Raises ApiError, _Owned."""
    meta = mapping(mapping(before).get("metadata"))
    if meta.get("deletionTimestamp"):
        raise ApiError(409, "Deleting", "it is being deleted; try again when it is gone")
    other = text(mapping(meta.get("labels")).get(LABEL))
    if other not in ("", how.set.name) and not how.force:
        raise _Owned((Conflict(f".metadata.labels.{LABEL}", f"the set {other[:63]}"),))


async def _send(cluster: Cluster, target: Target, how: How, told: Json, *, force: bool) -> Json:
    return await cluster.patch(
        *(target.kind, how.set.namespace, target.manifest.name, told),
        how="apply",
        field_manager=MANAGER,
        force=force,
        dry_run=how.dry_run,
    )


def _conflicts(error: ApiError) -> list[Conflict]:
    return [_conflict(cause) for cause in error.causes if cause.reason == "FieldManagerConflict"]


def _conflict(cause: Cause) -> Conflict:
    found = _OWNER.search(cause.message)
    return Conflict(cause.field, found[1] if found else cause.message)


def _refused(target: Target, error: ApiError) -> Done:
    """With the line of the first field that the server names, where it names one."""
    fields = [cause.field for cause in error.causes if cause.field]
    line = target.manifest.document.line(path_of(fields[0])) if fields else target.manifest.line
    return _done(target, Outcome.REFUSED, detail=error.message, line=line)


def path_of(field: str) -> Path:
    """The place that the server calls `spec.containers[0].image`, as far as that can be followed."""
    path: list[str | int] = []
    at = 1 if field.startswith(".") else 0
    while found := _STEP.match(field, at):
        path.append(int(found[2]) if found[2] is not None else found[1])
        at = found.end() + field.startswith(".", found.end())
    return tuple(path)


def left_out(target: Target) -> Written:
    """One that was not come to."""
    return Written(_done(target, Outcome.NOT_APPLIED))


def _done(
    target: Target,
    found: Outcome,
    *,
    detail: str = "",
    conflicts: tuple[Conflict, ...] = (),
    line: int | None = None,
) -> Done:
    manifest = target.manifest
    at = line if line is not None else manifest.line
    return Done(target.kind.resource, manifest.name, found, manifest.number, at, detail, conflicts)


def _version(source: Json) -> str:
    return text(mapping(source.get("metadata")).get("resourceVersion"))
