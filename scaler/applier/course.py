"""The course of one order: all of it is tried on the server (dry run), then done object by object, then pruned.

So most of what can go wrong goes wrong before anything is changed. What goes wrong after that is reported with what was
done before it and what was not; doing the same again does the rest.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from scaler.applier.catalogue import Target
from scaler.applier.members import members
from scaler.applier.removing import remove_all
from scaler.applier.report import GOOD, Done, Outcome, Report
from scaler.applier.within import DEADLINE
from scaler.applier.writing import How, Written, left_out, write
from scaler.runtime import Say
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import Kind


class Course:
    """`run` it once. `kinds` are those in which something may have left the set."""

    def __init__(self, cluster: Cluster, targets: Sequence[Target], how: How, kinds: Sequence[Kind], say: Say) -> None:
        self._cluster = cluster
        self._targets = targets
        self._how = how
        self._kinds = kinds
        self._say = say
        self._tried: list[Written] = []
        self.written: list[Written] = []
        """What was done, in the order of the targets; the last one may not have come about."""
        self._pruned: list[Done] = []

    async def run(self) -> Report:
        """All that becomes of it."""
        late = ""
        try:
            async with asyncio.timeout(DEADLINE):
                failure = await self._try() or await self._write() or await self._prune()
        except TimeoutError:
            late = f"not all of it was done within {DEADLINE:g}s"
            failure = late
        report = Report(str(self._how.set), self._how.dry_run, failure, self._objects(late))
        return pruned(report, self._pruned)

    async def _try(self) -> str:
        """Why nothing is applied."""
        for target in self._targets:
            self._tried.append(await write(self._cluster, target, replace(self._how, dry_run=True)))
            if self._tried[-1].done.outcome is Outcome.PUT_OFF:
                break
        bad = [str(one.done) for one in self._tried if one.done.outcome not in GOOD]
        return f"nothing was applied: {'; '.join(bad)}" if bad else ""

    async def _write(self) -> str:
        """Why it stopped in the middle."""
        if self._how.dry_run:
            return ""
        for target in self._targets:
            self.written.append(await write(self._cluster, target, self._how))
            done = self.written[-1].done
            self._say(str(done))
            if done.outcome not in GOOD:
                before = len(self.written) - 1
                return f"{done}; {before} applied before it, {len(self._targets) - before - 1} not applied"
        return ""

    async def _prune(self) -> str:
        """Delete what has left the set; why that is not known."""
        (namespace, name), targets = self._how.set, self._targets
        try:
            here = await members(self._cluster, self._kinds, namespace, name)
        except ApiError as error:
            return f"applied, but what has left the set is not known, and not deleted: {error}"
        kept = {(target.kind.group, target.kind.plural, target.manifest.name) for target in targets}
        left = [one for one in here if (one.kind.group, one.kind.plural, one.name) not in kept]
        await remove_all(self._cluster, left, self._pruned, dry_run=self._how.dry_run, say=self._say)
        return ""

    def _objects(self, late: str) -> tuple[Done, ...]:
        tried = [one.done for one in (*self._tried, *map(left_out, self._targets[len(self._tried) :]))]
        if self._how.dry_run:
            return tuple(tried)
        if not self.written and not late:
            return tuple(done if done.outcome not in GOOD else _left_out(done) for done in tried)
        found = [one.done for one in self.written]
        rest = [_left_out(done) for done in tried[len(found) :]]
        if late and rest and len(self._tried) == len(self._targets):  # this one was under way
            rest[0] = replace(rest[0], outcome=Outcome.UNKNOWN, detail=late)
        return (*found, *rest)


def pruned(report: Report, done: Sequence[Done]) -> Report:
    """With what has become of objects that left the set."""
    bad = [str(one) for one in done if one.outcome not in GOOD]
    failure = report.failure or (f"not all of it was deleted: {'; '.join(bad)}" if bad else "")
    return replace(report, pruned=tuple(done), failure=failure)


def _left_out(done: Done) -> Done:
    return replace(done, outcome=Outcome.NOT_APPLIED, detail="", diff="")
