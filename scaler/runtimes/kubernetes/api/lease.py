"""Leading, or standing by to lead: the writes and looks that go with `election`, on a Lease of the cluster.

Those who stand by watch the Lease, and so know at once when it is let go of. The leader watches it too: somebody may
delete it, or give it away by hand. Its renewals are the only writes in Torpor that come with time.
"""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.election import LONGEST, Record, Sight, Step, Timing, candidate, leader, sighted
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import LEASES
from scaler.runtimes.kubernetes.api.one import One
from scaler.runtimes.kubernetes.api.watch import Watch

logger = logging.getLogger(__name__)

WRITE = 1.5
"""Seconds for a write or a look at the Lease."""


STAY = "torpor.dev/stay-awake-until"
"""The annotation of the Lease that `torpor rouse` writes."""
_SENT = 32
"""More writes are never open at once: each has its deadline."""


def boot_clock() -> float:
    """Seconds that go on while the machine is suspended, as they do for everybody else."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Reign:
    """The time from one acquisition of the Lease to its loss or release."""

    def __init__(self, record: Record, sure_since: float, timing: Timing, now: Callable[[], float]) -> None:
        self.record = record
        self.sure_since = self.tried_at = sure_since
        self._timing = timing
        self._now = now

    @property
    def term(self) -> int:
        """Counts up from one leader to the next."""
        return self.record.terms

    @property
    def over_at(self) -> float:
        """When it ends unless it is renewed."""
        return self.sure_since + self._timing.give_up

    def certain(self) -> bool:
        """Nobody else can be leading at this moment. To be asked before what only a leader may do, for a process may
        have been stopped for a while and not know it yet."""
        return self._now() < self.over_at


class Leadership:
    """One candidate for one Lease. `me` must be unique to this process: a name that came back from the dead would take
    its own old reign for granted."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        name: str,
        me: str,
        *,
        timing: Timing | None = None,
        now: Callable[[], float] = boot_clock,
    ) -> None:
        self._cluster = cluster.apart()  # ten thousand other writes do not make it late
        self._namespace, self._name, self._me = namespace, name, me
        self._timing = timing or Timing()
        self._now = now
        self._sight: Sight | None = None
        self._sent: dict[str, float] = {}
        """When the writes were sent that may have taken, by the time of day in them, the oldest first."""
        self._took = -math.inf
        """When the last one was sent of which we know that it took."""
        self._news = asyncio.Event()
        self.reign: Reign | None = None
        """Ours, while it lasts."""

    @property
    def holder(self) -> str:
        """Who leads as far as is known; empty for nobody."""
        record = self._sight.record if self._sight else None
        return record.holder if record else ""

    @property
    def stay(self) -> str:
        """What `torpor rouse` has written on the Lease, as far as is known; see `staying`."""
        record = self._sight.record if self._sight else None
        return record.stay if record else ""

    async def run(self, lead: Callable[[Reign], Awaitable[None]]) -> None:
        """Stand by, and run `lead` while leading. When the Lease is lost it is cancelled, and all begins again. When it
        ends by itself, or this is cancelled, the Lease is let go of after it has ended, and not before."""
        fields = f"metadata.name={self._name}"
        watch = Watch(
            self._cluster, LEASES, One("who leads", self._told), namespace=self._namespace, field_selector=fields
        )
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch.run())
            try:
                while not await self._reign(await self._win(), lead):
                    pass
            finally:
                watching.cancel()

    async def _win(self) -> Reign:
        while True:
            sent = self._now()
            step, until = candidate(self._sight, self._me, sent)
            if step is Step.WAIT:
                await self._wait(until)
                continue
            try:
                record = await self._take()
            except ApiError as error:
                logger.debug("lease %s is not taken: %s", self._name, error)
                if not error.conflict:
                    await asyncio.sleep(self._timing.retry)
                await self._look()
            else:
                return Reign(record, max(sent, self._took), self._timing, self._now)

    async def _reign(self, reign: Reign, lead: Callable[[Reign], Awaitable[None]]) -> bool:
        """Lead; whether it has ended by itself, and not by the loss of the Lease."""
        logger.info("leading: %s holds the lease %s/%s", self._me, self._namespace, self._name)
        self.reign = reign
        scope = asyncio.timeout(reign.over_at - self._now())
        try:
            async with asyncio.TaskGroup() as group:
                keeping = group.create_task(self._keep(reign, scope))
                try:
                    async with scope:
                        await lead(reign)
                except TimeoutError:
                    if not scope.expired():
                        raise
                finally:
                    keeping.cancel()
        finally:
            self.reign = None
            if not scope.expired():
                await self._release(reign)
        if scope.expired():
            logger.warning("not leading any more: the lease %s/%s is lost", self._namespace, self._name)
        return not scope.expired()

    async def _keep(self, reign: Reign, scope: asyncio.Timeout) -> None:
        """Renew, and end the reign when that does not work any more."""
        loop = asyncio.get_running_loop()
        while True:
            if self._took > reign.sure_since:
                reign.sure_since = self._took
                if not scope.expired():
                    scope.reschedule(loop.time() + reign.over_at - self._now())
            step, until = leader(
                self._sight,
                self._me,
                sure_since=reign.sure_since,
                tried_at=reign.tried_at,
                timing=self._timing,
                now=self._now(),
            )
            if step is Step.STOP:
                if not scope.expired():
                    scope.reschedule(loop.time())
                return
            if step is Step.WAIT:
                await self._wait(until)
                continue
            reign.tried_at = self._now()
            try:
                reign.record = await self._take()
            except ApiError as error:
                logger.info("the lease %s is not renewed: %s", self._name, error)
                if error.conflict:
                    await self._look()

    async def _release(self, reign: Reign) -> None:
        """Name nobody, so that somebody else need not wait. If that fails they wait, that is all."""
        for _ in range(2):  # a renewal that was under way may have taken
            if not reign.certain() or self.holder != self._me:
                return
            spec = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _wall()}
            try:
                await self._write(spec)
            except ApiError as error:
                logger.info("the lease %s is not let go of: %s", self._name, error)
                if not error.conflict:
                    return
                await self._look()
            else:
                logger.info("the lease %s/%s is let go of", self._namespace, self._name)
                return

    async def _take(self) -> Record:
        """Write ourselves into the Lease, if it is as we saw it."""
        record = self._sight.record if self._sight else None
        spec: Json = {
            "holderIdentity": self._me,
            "leaseDurationSeconds": self._timing.duration,
            "renewTime": _wall(),
        }
        if record is None or record.holder != self._me:
            spec |= {"acquireTime": spec["renewTime"], "leaseTransitions": record.terms + 1 if record else 0}
        return await self._write(spec)

    async def _write(self, spec: Json) -> Record:
        record = self._sight.record if self._sight else None
        self._remember(spec["renewTime"])
        if record is None:
            body = {"metadata": {"name": self._name, "namespace": self._namespace}, "spec": spec}
            item = await self._cluster.create(LEASES, self._namespace, body, deadline=WRITE)
        else:
            body = {"metadata": {"resourceVersion": record.version}, "spec": spec}
            item = await self._cluster.patch(LEASES, self._namespace, self._name, body, deadline=WRITE)
        written = _read(item)
        self._saw(written)
        return written

    async def _look(self) -> None:
        """See how the Lease stands, now rather than when the watch gets to it."""
        with suppress(ApiError):
            try:
                record = _read(await self._cluster.get(LEASES, self._namespace, self._name, deadline=WRITE))
            except ApiError as error:
                if not error.not_found:
                    raise
                record = None
            self._know(record)

    def _remember(self, moment: str) -> None:
        self._sent.setdefault(moment, self._now())
        while len(self._sent) > _SENT:
            del self._sent[next(iter(self._sent))]

    def _know(self, record: Record | None) -> None:
        """Also what is not news: a write that took is known by the time in it, whoever tells of it."""
        self._sight = sighted(self._sight, record, self._now())
        if record is not None and record.holder == self._me and record.renewed in self._sent:
            self._took = max(self._took, self._sent[record.renewed])

    def _told(self, item: Json | None) -> None:
        self._saw(_read(item) if item is not None else None)

    def _saw(self, record: Record | None) -> None:
        known = self._sight.record if self._sight else None
        if record is not None and known is not None and _older(record.version, known.version):
            return  # the watch tells of what has been overtaken by a write of ours
        self._know(record)
        self._news.set()

    async def _wait(self, until: float | None) -> None:
        """Until something is seen, or that time."""
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if until is None else max(0.0, until - self._now())):
                await self._news.wait()


def _read(item: Json) -> Record:
    spec: dict[str, Any] = item.get("spec") or {}
    seconds, terms = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    return Record(
        version=item["metadata"]["resourceVersion"],
        holder=spec.get("holderIdentity") or "",
        duration=min(LONGEST, max(0.0, float(seconds if isinstance(seconds, int) else LONGEST))),
        terms=terms if isinstance(terms, int) else 0,
        renewed=str(spec.get("renewTime") or ""),
        stay=str((item["metadata"].get("annotations") or {}).get(STAY) or ""),
    )


def _older(version: str, than: str) -> bool:
    """Versions are numbers that only grow, in every API server there is."""
    return version.isdigit() and than.isdigit() and int(version) < int(than)


def _wall() -> str:
    """The time of day as a Lease writes it (MicroTime), for people."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
