"""Deletes sets that have expired unused, and tells people before and when it does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from scaler.applier.book import Book
from scaler.applier.catalogue import Catalogue
from scaler.applier.errors import Busy
from scaler.applier.expiry import Expiry
from scaler.applier.locks import Locks
from scaler.applier.members import Member, members
from scaler.applier.removing import IN_USE, remove_all
from scaler.applier.report import GOOD, Done, Outcome
from scaler.applier.sets import SetId, written_time
from scaler.applier.within import within
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.journal import Journal
from scaler.scaler import Scaler
from torpor.duration import format_duration

logger = logging.getLogger(__name__)

LOOK = 60.0
"""Seconds between two looks at all sets."""
HASTE = 1.0
"""Seconds between two looks when something is due,"""
HASTE_LATE = 5.0
"""and when something has been due and could not be done, or is still used."""
SAME = 1.0
"""Seconds by which an end may seem to move that does not: two clocks are read for it."""


class Expiring:
    """`run` it for the length of a reign."""

    def __init__(
        self,
        cluster: Cluster,
        scaler: Scaler,
        book: Book,
        locks: Locks,
        *,
        workloads: frozenset[str],
        namespaces: Sequence[str],
        catalogue: Callable[[], Awaitable[Catalogue]],
    ) -> None:
        self._cluster = cluster
        self._scaler = scaler
        self._book = book
        self._locks = locks
        self._workloads = workloads
        self._namespaces = tuple(namespaces)
        self._catalogue = catalogue
        self._journal = Journal(cluster)
        self._told: dict[SetId, float] = {}
        """For which end people have been told."""
        self.changed = asyncio.Event()
        """Set by whoever changes a set."""

    async def run(self) -> None:
        """Look again and again. What cannot be read or deleted is tried again at the next look."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._journal.run())
            while True:
                self.changed.clear()
                try:
                    await self._look()
                except ApiError as error:
                    logger.info("the sets cannot be looked at: %s", error)
                await self._rest()

    async def _rest(self) -> None:
        """Until somebody has changed a set, something can be done, or it is time for another look at all of them.
        Whether an app is still used whose end has come is known here: the API server is not asked about it."""
        clock = self._scaler.clock
        until = clock.now() + LOOK
        due = False
        while not due and clock.now() < until:
            try:
                async with asyncio.timeout(max(HASTE, min(until - clock.now(), self._next()))):
                    await self.changed.wait()
                return
            except TimeoutError:
                due = self._due()

    def _due(self) -> bool:
        """Something can be told or ended."""
        now = self._scaler.clock.wall()
        return any(
            not self._is_told(which, end) or (end.at <= now and not end.waits)
            for which, end in self._ends()
            if end.notice_at <= now
        )

    def _next(self) -> float:
        """Seconds until that may be so."""
        now = self._scaler.clock.wall()
        ends = [end for _, end in self._ends()]
        due = [at - now for end in ends for at in (end.at, end.notice_at) if at > now]
        return min([*due, *(HASTE_LATE for end in ends if end.at <= now)], default=LOOK)

    def _ends(self) -> list[tuple[SetId, Expiry]]:
        return [(which, end) for which in self._book.all() if (end := self._book.expiry(which)) is not None]

    async def _look(self) -> None:
        async with within():
            kinds = (await self._catalogue()).kinds
            found = [member for space in self._namespaces for member in await members(self._cluster, kinds, space)]
        self._book.seen(found)
        for which in self._book.all():
            end = self._book.expiry(which)
            if end is None:
                self._told.pop(which, None)
            elif end.notice_at <= self._scaler.clock.wall():
                told = self._announce(which, end)
                if told and end.at <= self._scaler.clock.wall() and not end.waits:
                    await self._end(which)
        for gone in self._told.keys() - set(self._book.all()):
            del self._told[gone]

    def _announce(self, which: SetId, end: Expiry) -> bool:
        """Whether people had been told before: nothing ends unannounced, however late it is."""
        if self._is_told(which, end):
            return True
        self._told[which] = end.at
        left = end.at - self._scaler.clock.wall()
        at = written_time(end.at)
        when = f"in {format_duration(left)}, at {at}" if left > 0 else f"soon, for its time was up at {at}"
        text = f"the set {which} is deleted {when}, unless it is used or applied before"
        self._tell(which, self._book.members(which), "SetExpires", text)
        return False

    def _is_told(self, which: SetId, end: Expiry) -> bool:
        told = self._told.get(which)
        return told is not None and end.at < told + SAME

    async def _end(self, which: SetId) -> None:
        """Once more looked at, when nobody else changes it. A visit in between has put off its end, also one that comes
        in the middle: the workloads go first, and only as long as none that is left is used."""
        done: list[Done] = []

        def over(asked: Member | None = None) -> Expiry | None:
            gone = {(one.kind, one.name) for one in done if one.outcome in (Outcome.DELETED, Outcome.UNKNOWN)}
            if asked is not None:
                gone.discard((asked.kind.resource, asked.name))
            left = [one for one in here if (one.kind.resource, one.name) not in gone]
            end = self._book.expiry_of(which, here, left)
            return None if end is None or end.waits or end.at > self._scaler.clock.wall() else end

        try:
            async with self._locks.held(which):
                async with within():
                    kinds = (await self._catalogue()).kinds
                    here = await members(self._cluster, kinds, which.namespace, which.name)
                if (end := over()) is None:
                    return
                text = f"the set {which} has not been used until {written_time(end.at)}: it is deleted"
                self._tell(which, here, "SetExpired", text)
                await remove_all(
                    *(self._cluster, here, done),
                    dry_run=False,
                    say=logger.info,
                    still=lambda member: over(member) is not None,
                    first=self._workloads,
                )
                if not any(one.detail == IN_USE for one in done):
                    self._book.seen([], which)
        except Busy:
            return
        left = [str(one) for one in done if one.outcome not in GOOD]
        if left:
            logger.warning("the set %s has expired, but: %s", which, "; ".join(left))

    def _tell(self, which: SetId, here: Sequence[Member], reason: str, text: str) -> None:
        logger.info("%s", text)
        apps = {name.partition("/")[2] for name in self._book.apps(which)}
        for member in [one for one in here if one.name in apps] or list(here)[:1]:
            self._journal.tell(member.ref, reason, text, sort="Warning", uid=member.uid)
        for name in self._book.apps(which):
            if app := self._scaler.apps.get(name):
                self._scaler.telling.publish(app, "progress", f"{name}: {text}")
