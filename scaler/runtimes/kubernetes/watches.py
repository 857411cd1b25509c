"""The watches of a picture: begun and ended as kinds come and go, all of them in one group of tasks."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.api.watch import Key, Watch
from scaler.runtimes.kubernetes.listeners import Board, Listener, Place
from scaler.runtimes.kubernetes.wanted import NARROWED

logger = logging.getLogger(__name__)

type Listeners = Mapping[Kind, type[Listener]]


class _Resource(NamedTuple):
    """A kind in whatever version."""

    group: str
    plural: str


class Watches:
    """One for each kind and namespace."""

    def __init__(
        self, cluster: Cluster, board: Board, namespaces: tuple[str | None, ...], group: asyncio.TaskGroup
    ) -> None:
        self._cluster = cluster
        self._board = board
        self._namespaces = namespaces
        self._group = group
        self._tasks: dict[Place, asyncio.Task[None]] = {}

    def places(self, kind: Kind) -> list[Place]:
        """Where a kind is watched."""
        return [(kind, namespace) for namespace in (self._namespaces if kind.namespaced else (None,))]

    async def only(self, listeners: Listeners, ended: Callable[[Kind, bool], None]) -> None:
        """Watch these kinds and no others. `ended` is told of those that are watched no more, and whether there are no
        such objects any more, in no version."""
        have = {kind for kind, _ in self._tasks}
        resources = {_resource(kind) for kind in listeners}
        for kind in have - listeners.keys():
            await self._end(kind)
            gone = _resource(kind) not in resources
            logger.info("%s are watched no more: there are %s", kind.path(), "none" if gone else "others by now")
            ended(kind, gone)
        for kind, listener in listeners.items():
            if kind not in have:
                if have:
                    logger.info("%s are there now, and watched", kind.path())
                self._begin(kind, listener, self._board.discovery.keys(kind))

    def _begin(self, kind: Kind, listener: type[Listener], known: Iterable[tuple[str, str]]) -> None:
        """Those that are known from another version, and are not there any more, are told as gone."""
        keys = [Key(*key) for key in known]
        for place in self.places(kind):
            here = [key for key in keys if place[1] in (None, key.namespace)]
            told = listener(self._board, place)
            watch = Watch(
                self._cluster,
                kind,
                told,
                namespace=place[1],
                label_selector=NARROWED.get(kind, ""),
                trim=listener.trim,
                known=here,
            )
            self._tasks[place] = self._group.create_task(watch.run())

    async def _end(self, kind: Kind) -> None:
        tasks = [self._tasks.pop(place) for place in self.places(kind)]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _resource(kind: Kind) -> _Resource:
    return _Resource(kind.group, kind.plural)
