"""A cluster as last heard: every kind that matters is watched, discovery is fed, pods are told to their apps.

Nothing is decided here. Whoever wants to know of changes puts a function into `on_apps` or `on_pods`; both are called
from the event loop, once for each piece of news, with the apps that it concerns.
"""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.backoff import BackOff
from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.api.watch import Key, Watch, key_of, without_managed_fields
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.found import Found
from scaler.runtimes.kubernetes.objects.reading import Malformed
from scaler.runtimes.kubernetes.owners import Owners
from scaler.runtimes.kubernetes.pods.nodes import read_node
from scaler.runtimes.kubernetes.pods.pod import Condition, Pod, observed_conditions, read_pod
from torpor.words import AppId

logger = logging.getLogger(__name__)

type Place = tuple[Kind, str | None]
"""A kind, in one namespace or in all."""
type Concerned = Callable[[Iterable[AppId]], None]

ALWAYS = (
    *(kinds.NAMESPACES, kinds.DEPLOYMENTS, kinds.STATEFUL_SETS),
    *(kinds.SERVICES, kinds.ENDPOINT_SLICES, kinds.INGRESSES, kinds.AUTOSCALERS),
)
"""What discovery needs and every cluster has."""
PERHAPS = (kinds.HTTP_ROUTES, kinds.GATEWAYS, kinds.REFERENCE_GRANTS, kinds.SCALED_OBJECTS)
"""What some clusters have."""


class Lost(NamedTuple):
    """A node that is not ready."""

    why: str
    since: float
    """Monotonic seconds of when that was first told here."""


class Picture:
    """`run` it; `whole` is set when everything has been read once."""

    def __init__(
        self, cluster: Cluster, discovery: Discovery, *, scalable: Sequence[str] = (), namespaces: Sequence[str] = ()
    ) -> None:
        """`scalable` names kinds beside Deployments and StatefulSets; without `namespaces` it is of all of them."""
        self._cluster = cluster
        self._discovery = discovery
        self._scalable = scalable
        self._namespaces = tuple(namespaces) or (None,)
        self.owners = Owners(discovery)
        self._unread: set[Place] = set()
        self._silent: dict[Place, ApiError] = {}
        self._deaf = ""
        """Why the cluster cannot be asked what it serves."""
        self.conditions: dict[tuple[Kind, Key], Mapping[str, Condition]] = {}
        """What workloads say of themselves."""
        self.lost_nodes: dict[str, Lost] = {}
        """Nodes that are not ready."""
        self.whole = asyncio.Event()
        self.on_apps: list[Concerned] = []
        """Apps that are new, changed or gone."""
        self.on_pods: list[Concerned] = []
        """Apps whose pods have changed."""

    @property
    def apps(self) -> Mapping[AppId, Found]:
        """What was found."""
        return self._discovery.apps

    @property
    def discovery(self) -> Discovery:
        """For what else it knows: problems."""
        return self._discovery

    def pods(self, app: AppId) -> list[Pod]:
        """An app's pods, by name; those that are ending included."""
        return self.owners.of(app)

    def missing(self) -> str | None:
        """Why the picture is not whole; None when it is."""
        if self.whole.is_set():
            return None
        for (kind, _), error in self._silent.items():
            return f"{kind.resource} cannot be read: {error}"
        return self._deaf or "the cluster has not been read yet"

    async def run(self) -> None:
        """Watch for ever. Raises NotScalable, and ApiError when the cluster does not say what it serves."""
        listeners = await self._patiently()
        places = [
            (kind, namespace) for kind in listeners for namespace in (self._namespaces if kind.namespaced else (None,))
        ]
        self._unread = set(places)
        async with asyncio.TaskGroup() as group:
            for kind, namespace in places:
                listener = listeners[kind](self, (kind, namespace))
                watch = Watch(self._cluster, kind, listener, namespace=namespace, trim=listener.trim)
                group.create_task(watch.run())

    async def _patiently(self) -> "dict[Kind, type[_Listener]]":
        """What to watch, asked for until the cluster can be reached."""
        back_off = BackOff()
        while True:
            try:
                return await self._kinds()
            except Unreachable as error:
                self._deaf = str(error)
                logger.warning("%s", error)
                await asyncio.sleep(back_off.after(error))

    async def _kinds(self) -> "dict[Kind, type[_Listener]]":
        offer = await kinds.offer(self._cluster)
        watched = list(ALWAYS)
        watched += [kind for wanted in PERHAPS if (kind := await offer.first(wanted)) is not None]
        others = [await offer.scalable(name) for name in self._scalable]
        listeners: dict[Kind, type[_Listener]] = {kinds.PODS: _Pods, kinds.NODES: _Nodes}
        listeners |= dict.fromkeys(watched, _Objects)
        return listeners | dict.fromkeys((kinds.DEPLOYMENTS, kinds.STATEFUL_SETS, *others), _Workloads)

    # For the listeners

    def read(self, place: Place) -> None:
        """A kind has been listed; when it was the last one, all that was found is told at once."""
        if place in self._unread:
            self._unread.discard(place)
            if not self._unread:
                self.found(list(self.apps))
                self.whole.set()

    def heard(self, place: Place) -> None:
        """A watch works."""
        self._silent.pop(place, None)

    def silent(self, place: Place, error: ApiError) -> None:
        """A watch does not."""
        self._silent[place] = error

    def found(self, apps: Iterable[AppId]) -> None:
        """Discovery says that these have changed. Before the picture is whole nobody is told."""
        if self._unread:
            return
        apps = list(apps)
        for app in apps:
            found = self.apps.get(app)
            self.owners.choose(app, found.namespace if found else "", found.selector if found else None)
        for listener in self.on_apps:
            listener(apps)

    def moved(self, apps: Iterable[AppId]) -> None:
        """The pods of these have changed."""
        if self._unread:
            return
        for listener in self.on_pods:
            listener(apps)


def _whole(item: Json) -> Json:
    """Who owns a workload's replica count is worth knowing."""
    return item


class _Listener(ABC):
    """What a watch tells, by its kind."""

    trim = staticmethod(without_managed_fields)

    def __init__(self, picture: Picture, place: Place) -> None:
        self._picture = picture
        self._place = place
        self._kind = place[0]

    def replaced(self, items: Sequence[Json], gone: Sequence[Key]) -> None:
        for key in gone:
            self.gone(key)
        for item in items:
            self.changed(item)
        self._picture.read(self._place)

    @abstractmethod
    def changed(self, item: Json) -> None: ...

    @abstractmethod
    def gone(self, key: Key) -> None: ...

    def synced(self) -> None:
        self._picture.heard(self._place)

    def out_of_touch(self, since: float, error: ApiError) -> None:
        self._picture.silent(self._place, error)


class _Objects(_Listener):
    """Feeds discovery with one kind."""

    def replaced(self, items: Sequence[Json], gone: Sequence[Key]) -> None:
        if self._place[1] is not None:  # of one namespace among several
            super().replaced(items, gone)
            return
        self._picture.found(self._picture.discovery.replace(self._kind, items))
        self._picture.read(self._place)

    def changed(self, item: Json) -> None:
        self._picture.found(self._picture.discovery.put(self._kind, item))

    def gone(self, key: Key) -> None:
        self._picture.found(self._picture.discovery.remove(self._kind, key.namespace, key.name))


class _Workloads(_Objects):
    """Feeds discovery, and keeps what workloads say of themselves."""

    trim = staticmethod(_whole)

    def replaced(self, items: Sequence[Json], gone: Sequence[Key]) -> None:
        for key in gone:
            self._picture.conditions.pop((self._kind, key), None)
        for item in items:
            self._take(item)
        super().replaced(items, gone)

    def changed(self, item: Json) -> None:
        key = key_of(item)
        if self._take(item):
            self._picture.moved([f"{key.namespace}/{key.name}"])
        super().changed(item)

    def gone(self, key: Key) -> None:
        self._picture.conditions.pop((self._kind, key), None)
        super().gone(key)

    def _take(self, item: Json) -> bool:
        """Whether they are others than before."""
        key, found = (self._kind, key_of(item)), observed_conditions(item)
        if self._picture.conditions.get(key) == found:
            return False
        self._picture.conditions[key] = found
        return True


class _Nodes(_Listener):
    """Keeps the nodes that are lost. Whoever waits for a pod looks again soon enough."""

    def changed(self, item: Json) -> None:
        with suppress(Malformed):
            node = read_node(item)
            before = self._picture.lost_nodes.pop(node.name, None)
            if node.lost is not None:
                self._picture.lost_nodes[node.name] = Lost(node.lost, before.since if before else time.monotonic())

    def gone(self, key: Key) -> None:
        self._picture.lost_nodes.pop(key.name, None)


class _Pods(_Listener):
    """Tells pods to their apps."""

    def changed(self, item: Json) -> None:
        if (pod := _pod(item)) is not None:
            self._picture.moved(self._picture.owners.put(pod))

    def gone(self, key: Key) -> None:
        self._picture.moved(self._picture.owners.remove(*key))


def _pod(item: Json) -> Pod | None:
    try:
        return read_pod(item)
    except Malformed:
        return None
