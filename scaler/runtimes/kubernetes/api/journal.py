"""Kubernetes Events on the objects that they are about, where `kubectl describe` and `kubectl events` show them.

They are for people, and nothing waits for them: what cannot be written in time, or is too much, is dropped and counted.
The same thing said again is one Event with a higher count. Events of the core group are written, and not those of
events.k8s.io, because kubectl puts these in the order of their `lastTimestamp`, which the newer ones leave empty.
"""

import asyncio
import logging
import secrets
import socket
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Literal, NamedTuple, Protocol

from cachetools import TTLCache

from scaler.runtimes.kubernetes.api.backoff import BackOff
from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable
from scaler.runtimes.kubernetes.api.kinds import EVENTS, Kind

logger = logging.getLogger(__name__)

QUEUE = 1_000
"""Events that wait to be written; the oldest of more are dropped."""
LONGEST = 1_024
"""Characters of a message, which is the API server's bound for an Event of the newer sort."""
AGAIN = 600.0
"""Seconds in which the same thing said again is the same Event."""
SAME = 60.0
"""Seconds for which an object of a name is taken for the same object."""
REMEMBERED = 2_000
"""Events that can still be counted up."""
DEADLINE = 5.0
"""Seconds for a write."""
HARDLY = 10.0
"""Seconds between two lines in the log that tell of what was dropped."""

type Sort = Literal["Normal", "Warning"]


class About(Protocol):
    """Which object: all of it is in its Ref."""

    @property
    def group(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def plural(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...


class _Told(NamedTuple):
    """What makes two Events the same."""

    object: tuple[str, str, str, str, str, str]
    sort: Sort
    reason: str
    message: str


@dataclass(slots=True)
class _Entry:
    """One Event, to be written or written."""

    first: str
    last: str
    count: int = 1
    uid: str = ""
    name: str = ""
    """Under which it is written; empty before the first try."""


class Journal:
    """`tell` and forget; `run` writes, in a task of its own."""

    def __init__(self, cluster: Cluster, *, timer: Callable[[], float] = monotonic) -> None:
        self._cluster = cluster
        self._timer = timer
        self._waiting: OrderedDict[_Told, _Entry] = OrderedDict()
        self._written: TTLCache[_Told, _Entry] = TTLCache(REMEMBERED, AGAIN, timer)
        self._uids: TTLCache[tuple[str, ...], str] = TTLCache(REMEMBERED, SAME, timer)
        self._news = asyncio.Event()
        self._back_off = BackOff()
        self._quiet_until = 0.0
        self._unsaid = 0
        self._instance = socket.gethostname()[:128]
        self.dropped = 0
        """Events that nobody will see."""

    def tell(self, about: About, reason: str, message: str, *, sort: Sort = "Normal", uid: str = "") -> None:
        """Something has happened to an object. Returns at once. `reason` is one word in CamelCase; with the object's
        `uid` it need not be looked up."""
        told = _Told(
            (about.group, about.version, about.plural, about.kind, about.namespace, about.name),
            sort,
            reason[:128],
            message if len(message) <= LONGEST else message[: LONGEST - 1] + "…",
        )
        now = _wall()
        if (entry := self._waiting.get(told)) is not None:
            entry.count += 1
            entry.last = now
        else:
            self._waiting[told] = _Entry(now, now, uid=uid)
            if len(self._waiting) > QUEUE:
                self._waiting.popitem(last=False)
                self._drop("the API server does not take them fast enough")
        self._news.set()

    async def run(self) -> None:
        """Write what is told, one by one, for ever."""
        while True:
            while self._waiting:
                told, entry = self._waiting.popitem(last=False)
                try:
                    await self._write(told, entry)
                except Unreachable as error:
                    self._put_back(told, entry)
                    await asyncio.sleep(self._back_off.after(error))
                except ApiError as error:
                    self._drop(str(error))
                else:
                    self._back_off.reset()
            self._news.clear()
            await self._news.wait()

    def _put_back(self, told: _Told, entry: _Entry) -> None:
        if (later := self._waiting.get(told)) is not None:
            entry.count += later.count
            entry.last = later.last
        self._waiting[told] = entry
        self._waiting.move_to_end(told, last=False)

    async def _write(self, told: _Told, entry: _Entry) -> None:
        known = self._written.get(told)
        if known is not None and known.uid == (entry.uid or known.uid):
            entry = _Entry(known.first, entry.last, known.count + entry.count, known.uid, known.name)
            if await self._count_up(told, entry):
                return
        await self._create(told, entry)

    async def _count_up(self, told: _Told, entry: _Entry) -> bool:
        """Whether the Event was still there."""
        body: Json = {"count": entry.count, "lastTimestamp": entry.last}
        try:
            await self._cluster.patch(EVENTS, _place(told), entry.name, body, deadline=DEADLINE)
        except ApiError as error:
            if not error.not_found:
                raise
            self._written.pop(told, None)
            return False
        self._written[told] = entry
        return True

    async def _create(self, told: _Told, entry: _Entry) -> None:
        entry.uid = entry.uid or await self._uid(told.object)
        tried, entry.name = entry.name, entry.name or f"{told.object[5][:200]}.{secrets.token_hex(8)}"
        group, version, _, kind, namespace, name = told.object
        about = {
            "apiVersion": f"{group}/{version}" if group else version,
            "kind": kind,
            "name": name,
            "uid": entry.uid,
        }
        body: Json = {
            "metadata": {"name": entry.name, "namespace": _place(told)},
            "involvedObject": about | ({"namespace": namespace} if namespace else {}),
            "reason": told.reason,
            "message": told.message,
            "type": told.sort,
            "count": entry.count,
            "firstTimestamp": entry.first,
            "lastTimestamp": entry.last,
            "source": {"component": "torpor"},
            "reportingComponent": "torpor",
            "reportingInstance": self._instance,
        }
        try:
            await self._cluster.create(EVENTS, _place(told), body, deadline=DEADLINE)
        except ApiError as error:
            if not (tried and error.conflict):  # else an earlier try was carried out, though nobody said so
                raise
        self._written[told] = entry

    async def _uid(self, about: tuple[str, str, str, str, str, str]) -> str:
        """`kubectl describe` finds an Event by it."""
        if (uid := self._uids.get(about)) is None:
            group, version, plural, kind, namespace, name = about
            where = Kind(group, version, plural, kind, namespaced=bool(namespace))
            found = await self._cluster.get(where, namespace or None, name, deadline=DEADLINE)
            uid = self._uids[about] = str((found.get("metadata") or {}).get("uid", ""))
        return uid

    def _drop(self, why: str) -> None:
        self.dropped += 1
        self._unsaid += 1
        if self._timer() >= self._quiet_until:
            logger.warning("%d Kubernetes Event(s) not written: %s", self._unsaid, why)
            self._quiet_until = self._timer() + HARDLY
            self._unsaid = 0


def _place(told: _Told) -> str:
    """The namespace of the Event itself: that of its object, or `default` for one without."""
    return told.object[4] or "default"


def _wall() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
