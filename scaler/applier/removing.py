"""Deletes objects of a set: only with the set's label, only what we have applied, and only as it was looked at."""

from collections.abc import Sequence

from scaler.applier.catalogue import rank
from scaler.applier.members import Member, read_member
from scaler.applier.report import Done, Outcome
from scaler.runtime import Say
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable

TRIES = 5
NOT_OURS = "torpor apply has not made it, or somebody controls it"


async def remove_all(cluster: Cluster, here: Sequence[Member], done: list[Done], *, dry_run: bool, say: Say) -> None:
    """What visitors are led by goes first, what pods start with last. What is done is put into `done`."""
    for member in sorted(here, key=lambda member: (-rank(member.kind), member.name)):
        done.append(await remove(cluster, member, dry_run=dry_run))
        say(str(done[-1]))


async def remove(cluster: Cluster, member: Member, *, dry_run: bool) -> Done:
    """Delete it. Whatever goes wrong is in what it returns; what is gone already is deleted."""
    outcome, detail = Outcome.DELETED, ""
    try:
        if not member.ours:
            outcome, detail = Outcome.LEFT, NOT_OURS
        elif not dry_run and not member.deleting:
            outcome, detail = await _delete(cluster, member)
    except Unreachable as error:
        outcome, detail = Outcome.UNKNOWN if error.sent else Outcome.NOT_DELETED, str(error)
    except ApiError as error:
        outcome, detail = Outcome.NOT_DELETED, error.message
    return Done(member.kind.resource, member.name, outcome, detail=detail)


async def _delete(cluster: Cluster, member: Member) -> tuple[Outcome, str]:
    kind, (namespace, set_name), name = member.kind, member.set, member.name
    for _ in range(TRIES):
        try:
            await cluster.delete(kind, namespace, name, version=member.version)
            return Outcome.DELETED, ""
        except ApiError as error:
            if error.not_found:
                return Outcome.DELETED, ""
            if not error.conflict:
                raise
        try:
            again = read_member(kind, await cluster.get(kind, namespace, name))
        except ApiError as gone:
            if gone.not_found:
                return Outcome.DELETED, ""
            raise
        if again is None or again.set.name != set_name or not again.ours:
            return Outcome.LEFT, "it is not of the set any more"
        member = again
    return Outcome.NOT_DELETED, "it changes all the time"
