"""Who listens to the watches of a picture, by kind: discovery is fed, pods are told to their apps."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from scaler.runtimes.kubernetes.api.cluster import Json
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.api.watch import Key, key_of, without_managed_fields
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.objects.reading import Malformed
from scaler.runtimes.kubernetes.owners import Owners
from scaler.runtimes.kubernetes.pods.nodes import read_node
from scaler.runtimes.kubernetes.pods.pod import Condition, Pod, observed_conditions, read_pod
from torpor.words import AppId

type Place = tuple[Kind, str | None]
"""A kind, in one namespace or in all."""


class Lost(NamedTuple):
    """A node that is not ready."""

    why: str
    since: float
    """Monotonic seconds of when that was first told here."""


class Board(Protocol):
    """Where listeners put what they hear."""

    owners: Owners
    conditions: dict[tuple[Kind, Key], Mapping[str, Condition]]
    lost_nodes: dict[str, Lost]

    @property
    def discovery(self) -> Discovery:
        """Takes objects."""

    def read(self, place: Place) -> None:
        """All of a place has been told once."""

    def heard(self, place: Place) -> None:
        """A watch works."""

    def silent(self, place: Place, error: ApiError) -> None:
        """A watch does not."""

    def found(self, apps: Iterable[AppId]) -> None:
        """These apps have changed."""

    def moved(self, apps: Iterable[AppId]) -> None:
        """The pods of these have changed."""


class Listener(ABC):
    """What a watch tells, by its kind."""

    trim = staticmethod(without_managed_fields)

    def __init__(self, board: Board, place: Place) -> None:
        self._board = board
        self._place = place
        self._kind = place[0]

    def replaced(self, items: Sequence[Json], gone: Sequence[Key]) -> None:
        """This is all there is."""
        for key in gone:
            self.gone(key)
        for item in items:
            self.changed(item)
        self._board.read(self._place)

    @abstractmethod
    def changed(self, item: Json) -> None:
        """It is new, or not as it was."""

    @abstractmethod
    def gone(self, key: Key) -> None:
        """It is no more."""

    def synced(self) -> None:
        """From now on changes are told as they happen."""
        self._board.heard(self._place)

    def out_of_touch(self, since: float, error: ApiError) -> None:
        """Changes are not told."""
        self._board.silent(self._place, error)


class Objects(Listener):
    """Feeds discovery with one kind."""

    def replaced(self, items: Sequence[Json], gone: Sequence[Key]) -> None:
        """In one go."""
        self._board.found(self._board.discovery.replace(self._kind, items, self._place[1]))
        self._board.read(self._place)

    def changed(self, item: Json) -> None:
        """To discovery."""
        self._board.found(self._board.discovery.put(self._kind, item))

    def gone(self, key: Key) -> None:
        """From discovery."""
        self._board.found(self._board.discovery.remove(self._kind, key.namespace, key.name))


def _whole(item: Json) -> Json:
    """Who owns a workload's replica count is worth knowing."""
    return item


class Workloads(Objects):
    """Feeds discovery, and keeps what workloads say of themselves."""

    trim = staticmethod(_whole)

    def replaced(self, items: Sequence[Json], gone: Sequence[Key]) -> None:
        """What they say of themselves, too."""
        for key in gone:
            self._board.conditions.pop((self._kind, key), None)
        for item in items:
            self._take(item)
        super().replaced(items, gone)

    def changed(self, item: Json) -> None:
        """Whoever waits for the app looks again."""
        key = key_of(item)
        if self._take(item):
            self._board.moved([f"{key.namespace}/{key.name}"])
        super().changed(item)

    def gone(self, key: Key) -> None:
        """It says nothing any more."""
        self._board.conditions.pop((self._kind, key), None)
        super().gone(key)

    def _take(self, item: Json) -> bool:
        """Whether they are others than before."""
        key, found = (self._kind, key_of(item)), observed_conditions(item)
        if self._board.conditions.get(key) == found:
            return False
        self._board.conditions[key] = found
        return True


class Nodes(Listener):
    """Keeps the nodes that are lost. Whoever waits for a pod looks again soon enough."""

    def changed(self, item: Json) -> None:
        """It is lost, or back."""
        with suppress(Malformed):
            node = read_node(item)
            before = self._board.lost_nodes.pop(node.name, None)
            if node.lost is not None:
                self._board.lost_nodes[node.name] = Lost(node.lost, before.since if before else time.monotonic())

    def gone(self, key: Key) -> None:
        """Nobody waits for it."""
        self._board.lost_nodes.pop(key.name, None)


class Pods(Listener):
    """Tells pods to their apps."""

    def changed(self, item: Json) -> None:
        """To its apps."""
        if (pod := _pod(item)) is not None:
            self._board.moved(self._board.owners.put(pod))

    def gone(self, key: Key) -> None:
        """From its apps."""
        self._board.moved(self._board.owners.remove(*key))


def _pod(item: Json) -> Pod | None:
    try:
        return read_pod(item)
    except Malformed:
        return None
