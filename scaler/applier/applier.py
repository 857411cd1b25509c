"""The face of the applier: orders come in, are checked against what is allowed, and are carried out set by set."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace

from scaler.applier.applied import Applied, Workload
from scaler.applier.book import Book
from scaler.applier.catalogue import Catalogue, Target, look
from scaler.applier.course import Course, pruned
from scaler.applier.errors import NoSuchSet, NotAllowed
from scaler.applier.expiring import Expiring
from scaler.applier.following import Following
from scaler.applier.locks import Locks
from scaler.applier.manifests import read_manifests
from scaler.applier.members import Member, members
from scaler.applier.order import Order, wanted
from scaler.applier.removing import remove_all
from scaler.applier.report import Done, Report, Rolled
from scaler.applier.rollout import stand
from scaler.applier.set_status import SetStatus
from scaler.applier.sets import SetId
from scaler.applier.within import within
from scaler.applier.writing import How, Written
from scaler.runtime import Say
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.objects.reading import mapping, number
from scaler.runtimes.kubernetes.picture import Picture
from scaler.scaler import Scaler
from torpor.kubernetes_settings import KubernetesSettings

logger = logging.getLogger(__name__)

FOLLOWING = 300.0
"""Seconds for a wake that was asked for without a time to wait."""
WORKLOADS = ("deployments.apps", "statefulsets.apps")


class Applier:
    """Of one reign. `run` it."""

    def __init__(self, cluster: Cluster, scaler: Scaler, picture: Picture, settings: KubernetesSettings) -> None:
        self._cluster = cluster
        self._scaler = scaler
        self._picture = picture
        self._allowed = settings.apply
        self._counting = frozenset((*WORKLOADS, *settings.scalable))
        self._locks = Locks()
        self._reading = asyncio.Lock()
        """One at a time: to read the largest that are taken takes some 40 MB, and a second or two of a thread."""
        self._following = Following(cluster, scaler, picture, autoscaled=settings.autoscaler)
        self._book = Book(scaler, picture, self._counting)
        self._expiring = Expiring(
            *(cluster, scaler, self._book, self._locks),
            workloads=self._counting,
            namespaces=self._allowed.namespaces,
            catalogue=self._catalogue,
        )

    async def run(self) -> None:
        """Look after sets that expire, for ever; without an allowed namespace there are none."""
        if not self._allowed.namespaces:
            await asyncio.Event().wait()
        self._scaler.expires_at = self._book.expires_at
        await self._expiring.run()

    def sets(self) -> list[SetStatus]:
        """As last seen, by name."""
        return self._book.statuses()

    async def apply(self, order: Order, say: Say) -> Applied:
        """Change what has to be changed. Raises YamlError, NotAllowed, Busy, and ApiError before anything was done."""
        async with self._reading:
            manifests = await asyncio.to_thread(read_manifests, order.manifests)
        want = wanted(order, manifests, self._allowed.namespaces)
        async with self._locks.held(want.set):
            async with within():
                catalogue = await self._catalogue()
                targets = await catalogue.targets(want.manifests)
            old = [self._following.pods(want.set.namespace, target.manifest.name) for target in targets]
            course = Course(self._cluster, targets, self._how(want.set, order), catalogue.kinds, say)
            try:
                report = await course.run()
            finally:
                self._expiring.changed.set()
        if not order.dry_run:
            logger.info("the set %s was applied: %s", want.set, report.failure or f"{len(targets)} objects")
        seconds = order.wait or (FOLLOWING if order.wake else 0.0)
        if report.failure or order.dry_run or not seconds:
            return Applied(report)
        written = zip(targets, course.written, old, strict=True)
        return Applied(report, seconds, order.wake, tuple(self._workloads(want.set.namespace, written)))

    async def follow(self, applied: Applied, say: Say) -> Report:
        """Wait until what was applied is rolled out, where that was asked for."""
        tasks: list[asyncio.Task[Rolled]] = []
        async with asyncio.TaskGroup() as group:
            for one in applied.workloads:
                work = self._following.follow(one, seconds=applied.seconds, wake=applied.wake, say=say)
                tasks.append(group.create_task(work))
        apps = tuple(task.result() for task in tasks)
        bad = [f"{one.app}: {one.detail}" for one in apps if not one.done]
        failure = f"applied, but not rolled out: {'; '.join(bad)}" if bad else applied.report.failure
        return replace(applied.report, apps=apps, failure=failure)

    async def delete(self, name: str, say: Say, *, dry_run: bool = False) -> Report:
        """Delete all of a set that is ours. Raises NoSuchSet, NotAllowed, Busy, and ApiError with nothing done."""
        async with within():
            catalogue = await self._catalogue()
            which = await self._find(name, catalogue)
        async with self._locks.held(which):
            async with within():
                here = await members(self._cluster, catalogue.kinds, which.namespace, which.name)
            done: list[Done] = []
            try:
                await remove_all(self._cluster, here, done, dry_run=dry_run, say=say)
            finally:
                self._expiring.changed.set()
        report = pruned(Report(str(which), dry_run), done)
        if not dry_run:
            logger.info("the set %s was deleted: %s", which, report.failure or f"{len(done)} objects")
        return report

    def _workloads(
        self, namespace: str, written: Iterable[tuple[Target, Written, frozenset[str]]]
    ) -> Iterator[Workload]:
        for (manifest, kind), done, old in written:
            if kind.resource in self._counting and done.after is not None:
                generation = number(mapping(done.after.get("metadata")).get("generation"), 0)
                yield Workload(kind, f"{namespace}/{manifest.name}", generation, stand(done.after).asleep, old)

    async def _catalogue(self) -> Catalogue:
        return await look(self._cluster, self._allowed.kinds)

    async def _find(self, name: str, catalogue: Catalogue) -> SetId:
        """The set that somebody calls so. Raises NoSuchSet, NotAllowed, ApiError."""
        if not self._allowed.namespaces:
            raise NotAllowed("nothing may be deleted here; kubernetes.apply.namespaces names where something may")
        namespace, slash, last = name.rpartition("/")
        if slash and namespace not in self._allowed.namespaces:
            allowed = ", ".join(self._allowed.namespaces)
            raise NotAllowed(f"nothing may be deleted in the namespace {namespace[:100]!r}; allowed are {allowed}")
        spaces = (namespace,) if slash else self._allowed.namespaces
        here: list[Member] = []
        for space in spaces:
            here += await members(self._cluster, catalogue.kinds, space)
        found = {one.set for one in here if one.set.name == last}
        if len(found) == 1:
            return found.pop()
        if found:
            raise NoSuchSet(f"there are several sets {last!r}: {', '.join(map(str, sorted(found)))}")
        known = sorted({str(one.set) for one in here})[:20]
        raise NoSuchSet(f"there is no set {name[:100]!r}; there are {', '.join(known) or 'none'}")

    def _how(self, which: SetId, order: Order) -> How:
        return How(
            which,
            at=self._scaler.clock.wall(),
            force=order.force_conflicts,
            dry_run=order.dry_run,
            show=order.dry_run,
            counting=self._counting,
            namespace_managed=self._picture.discovery.namespace_managed(which.namespace),
        )
