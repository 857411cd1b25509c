"""One kind of object, as it is in the cluster now and from then on: list, watch, and what to do when that ends.

Theory
------
A list says what there is at one resource version; a watch from that version on says every change since, in order. A
watch that ends, in peace or not, is taken up again where it ended, and nothing is missed. Only when the server no
longer remembers that version (410 Gone, or after etcd was restored) is the list read again, and the listener told what
has gone meanwhile.

A connection can be dead without a word. The server sends a bookmark about once a minute when nothing happens, so a
watch that has been silent for `SILENCE` seconds is given up; the kernel finds a dead peer sooner (see `connection`). Of
a kind of which nothing has changed since the server was started it sends none: to be silent is no fault yet. The watch
is taken up again, and whether somebody is there shows in that.
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from scaler.runtimes.kubernetes.api.backoff import BackOff
from scaler.runtimes.kubernetes.api.cluster import PAGE, Cluster, Json, selectors
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable, from_answer, from_status
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.api.lines import Lines, TooLong
from scaler.runtimes.kubernetes.api.stream import Silent, Stream, TooLarge

logger = logging.getLogger(__name__)

SILENCE = 100.0
LIFE = (240.0, 480.0)
"""Seconds after which the server is asked to end a watch in peace: not all at once."""
SHORT = 1.0
"""A watch that ends in peace sooner than this many seconds is not taken up again at once."""
PAGE_DEADLINE = 30.0
RESTARTS = 5
"""How often a list is begun anew because its pages expired while they were read."""
_KEEP_VERSION = (0, 429, 503)
"""Statuses after which a watch can go on where it was."""


class Key(NamedTuple):
    """Which object of its kind; the namespace is empty for kinds without."""

    namespace: str
    name: str


def key_of(item: Json) -> Key:
    """The key of an object."""
    meta = item["metadata"]
    return Key(meta.get("namespace", ""), meta["name"])


class Listener(Protocol):
    """Whoever wants to know. Called in order, from the event loop, and must not block; `item` is what `trim` left."""

    def replaced(self, items: Sequence[Json], gone: Sequence[Key]) -> None:
        """All that there is now, and which of those told before are no more."""

    def changed(self, item: Json) -> None:
        """It is new, or not as it was."""

    def gone(self, key: Key) -> None:
        """It is no more, or the selector does not find it any more."""

    def synced(self) -> None:
        """From now on (again) each change is told as it happens."""

    def out_of_touch(self, since: float, error: ApiError) -> None:
        """Changes are not told any more, because of the error; called for each error in a row. `since` is the last
        sign of life, in monotonic seconds."""


def without_managed_fields(item: Json) -> Json:
    """The usual trim: who wrote which field is half of many objects, and few want to know."""
    item.get("metadata", {}).pop("managedFields", None)
    return item


class Watch:
    """`run` it in a task of its own."""

    def __init__(
        self,
        cluster: Cluster,
        kind: Kind,
        listener: Listener,
        *,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
        trim: Callable[[Json], Json] = without_managed_fields,
        silence: float = SILENCE,
        life: tuple[float, float] = LIFE,
        known: Iterable[Key] = (),
    ) -> None:
        """`known` are those that the listener has been told of before, by somebody else."""
        self._cluster = cluster
        self.kind = kind
        self._listener = listener
        self._namespace = namespace
        self._labels, self._fields = label_selector, field_selector
        self._trim = trim
        self._silence, self._life = silence, life
        self._known = set(known)
        self._version: str | None = None
        self._back_off = BackOff()
        self._trouble = ""
        self.heard_at: float | None = None
        """The last sign of life, in monotonic seconds; None before the first list."""
        self.in_touch = False
        """Each change is told as it happens."""

    async def run(self) -> None:
        """Keep the listener up to date, for ever."""
        while True:
            try:
                began = time.monotonic()
                await self.list_and_watch()
                if time.monotonic() - began < SHORT:
                    await asyncio.sleep(random.uniform(0.5, 1.0) * SHORT)  # noqa: S311 - jitter, not a secret
            except ApiError as error:
                await asyncio.sleep(self._lost(error))

    async def list_and_watch(self) -> None:
        """List, unless it is known where to go on, then tell of changes until the watch ends in peace. Raises
        ApiError."""
        if self._version is None:
            self._version = await self._list()
        try:
            await self._watch()
        except Silent as silent:
            logger.debug("watching %s again: %s", self.kind.resource, silent)
        except ApiError as error:
            if error.status not in _KEEP_VERSION:
                self._version = None
            raise

    def _lost(self, error: ApiError) -> float:
        if self._trouble != str(error):
            logger.info("watching %s: %s", self.kind.resource, error)
        self._trouble = str(error)
        self.in_touch = False
        self._listener.out_of_touch(self.heard_at if self.heard_at is not None else time.monotonic(), error)
        return self._back_off.after(error)

    async def _list(self) -> str:
        for _ in range(RESTARTS):
            try:
                items, version = await self._pages()
            except ApiError as error:
                if not error.expired:
                    raise
                continue
            keys = {key_of(item) for item in items}
            gone = sorted(self._known - keys)
            self._known = keys
            self._heard()
            self._listener.replaced(items, gone)
            return version
        raise ApiError(410, "Expired", f"the pages of {self.kind.resource} expire sooner than they can be read")

    async def _pages(self) -> tuple[list[Json], str]:
        items: list[Json] = []
        more, limit = "", PAGE
        while True:
            try:
                page = await self._cluster.page(
                    self.kind,
                    self._namespace,
                    label_selector=self._labels,
                    field_selector=self._fields,
                    limit=limit,
                    more=more,
                    deadline=PAGE_DEADLINE,
                )
            except TooLarge:
                if limit == 1:
                    raise
                limit = max(1, limit // 4)
                continue
            items += map(self._trim, page.items)
            more = page.more
            if not more:
                return items, page.version

    async def _watch(self) -> None:
        query = selectors(self._labels, self._fields) | {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version or "",
            "timeoutSeconds": str(round(random.uniform(*self._life))),  # noqa: S311 - jitter, not a secret
        }
        async with self._cluster.open("GET", self.kind.path(self._namespace), query) as stream:
            if stream.status != 200:
                raise from_answer(stream.status, stream.headers, await stream.body())
            self._heard()
            if not self.in_touch:
                self.in_touch, self._trouble = True, ""
                self._listener.synced()
            await self._follow(stream)

    async def _follow(self, stream: Stream) -> None:
        lines = Lines()
        async for piece in stream.chunks(self._silence):
            self._heard()
            try:
                for line in lines.feed(piece):
                    self._event(line)
            except TooLong as error:
                self._version = None
                raise ApiError(0, "TooLong", str(error)) from None
        if lines.rest().strip():
            raise Unreachable("the API server broke off in the middle of an event", sent=True)

    def _event(self, line: bytes) -> None:
        try:
            said: Any = json.loads(line)
            what, item = said["type"], said["object"]
            if what == "ERROR":
                self._version = None  # whatever it is: from there on the server cannot go on
                raise from_status(item)
            version = item["metadata"]["resourceVersion"]
            key = None if what == "BOOKMARK" else key_of(item)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self._version = None
            message = f"the API server told of a change in words that are not understood: {error!r}"
            raise ApiError(0, "NotAnEvent", message) from None
        self._back_off.reset()
        if key is not None and what == "DELETED":
            self._known.discard(key)
            self._listener.gone(key)
        elif key is not None:
            self._known.add(key)
            self._listener.changed(self._trim(item))
        self._version = version

    def _heard(self) -> None:
        self.heard_at = time.monotonic()
