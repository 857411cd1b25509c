"""Deletes objects of a set: only with the set's label, only what we have applied, and only as it was looked at."""

import asyncio
from collections.abc import Callable, Container, Sequence

from scaler.applier.catalogue import rank
from scaler.applier.members import Member, live, read_member
from scaler.applier.report import Done, Outcome
from scaler.applier.trouble import outcome
from scaler.applier.within import DEADLINE
from scaler.runtime import Say
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError

TRIES = 5
NOT_OURS = "torpor apply has not made it, or somebody controls it"
IN_USE = "it is in use again"
LATE = f"it was not come to within {DEADLINE:g}s"
UNDER_WAY = f"it was under way after {DEADLINE:g}s"

type Still = Callable[[Member], bool]
"""Whether it is still to go."""


async def remove_all(
    cluster: Cluster,
    here: Sequence[Member],
    done: list[Done],
    *,
    dry_run: bool,
    say: Say,
    still: Still = lambda _: True,
    first: Container[str] = (),
) -> None:
    """The kinds that are `first`, as roles name them, then what is left, and what pods start with last. `done` has the
    truth about each of them at every moment, so that whoever ends this early finds it there."""
    members = sorted(here, key=lambda one: (one.kind.resource not in first, -rank(one.kind), one.name))
    begin = len(done)
    done += [Done(one.kind.resource, one.name, Outcome.NOT_DELETED, detail=LATE) for one in members]
    try:
        async with asyncio.timeout(DEADLINE):
            for at, member in enumerate(members, begin):
                done[at] = Done(member.kind.resource, member.name, Outcome.UNKNOWN, detail=UNDER_WAY)
                done[at] = await remove(cluster, member, dry_run=dry_run, still=still)
                say(str(done[at]))
    except TimeoutError:
        pass  # and `done` says it


async def remove(cluster: Cluster, member: Member, *, dry_run: bool, still: Still = lambda _: True) -> Done:
    """Delete it. Whatever goes wrong is in what it returns; what is gone already is deleted."""
    found, detail = Outcome.DELETED, ""
    try:
        if not member.ours:
            found, detail = Outcome.LEFT, NOT_OURS
        elif not dry_run and not member.deleting:
            found, detail = await _delete(cluster, member, still)
    except ApiError as error:
        found, detail = outcome(error, Outcome.NOT_DELETED), error.message
    return Done(member.kind.resource, member.name, found, detail=detail)


async def _delete(cluster: Cluster, member: Member, still: Still) -> tuple[Outcome, str]:
    kind, (namespace, set_name), name = member.kind, member.set, member.name
    for _ in range(TRIES):
        if not still(member):
            return Outcome.LEFT, IN_USE
        try:
            await cluster.delete(kind, namespace, name, version=member.version)
            return Outcome.DELETED, ""
        except ApiError as error:
            if error.not_found:
                return Outcome.DELETED, ""
            if not error.conflict:
                raise
        now = await live(cluster, kind, namespace, name)
        if now is None:
            return Outcome.DELETED, ""
        again = read_member(kind, now)
        if again is None or again.set.name != set_name or not again.ours:
            return Outcome.LEFT, "it is not of the set any more"
        member = again
    return Outcome.NOT_DELETED, "it changes all the time"
