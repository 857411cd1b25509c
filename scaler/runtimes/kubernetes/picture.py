"""A cluster as last heard: every kind that matters is watched, discovery is fed, pods are told to their apps.

Nothing is decided here. Whoever wants to know of changes puts a function into `on_apps` or `on_pods`; both are called
from the event loop, once for each piece of news, with the apps that it concerns.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.backoff import BackOff
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.api.watch import Key
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.found import Found
from scaler.runtimes.kubernetes.listeners import Listener, Lost, Nodes, Objects, Place, Pods, Workloads
from scaler.runtimes.kubernetes.owners import Owners
from scaler.runtimes.kubernetes.pods.pod import Condition, Pod
from scaler.runtimes.kubernetes.wanted import ALWAYS, Wanted
from scaler.runtimes.kubernetes.watches import Watches
from torpor.words import AppId

logger = logging.getLogger(__name__)

type Concerned = Callable[[Iterable[AppId]], None]

AGAIN = 20.0
"""Seconds until kinds that the cluster does not have are looked for again."""


class Picture:
    """`run` it; `whole` is set when everything has been read once."""

    def __init__(
        self,
        cluster: Cluster,
        discovery: Discovery,
        *,
        scalable: Sequence[str] = (),
        namespaces: Sequence[str] = (),
        again: float = AGAIN,
    ) -> None:
        """`scalable` names kinds beside Deployments and StatefulSets; without `namespaces` it is of all of them."""
        self._cluster = cluster
        self._discovery = discovery
        self._wanted = Wanted(cluster, scalable)
        self._again = again
        self._denied = asyncio.Event()
        """A kind that is watched is said not to be there."""
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
        """Watch for ever. Raises ApiError when the cluster does not say what it serves."""
        await self._patiently()
        async with asyncio.TaskGroup() as group:
            watches = Watches(self._cluster, self, self._namespaces, group)
            self._unread = {place for kind in self._listeners() for place in watches.places(kind)}
            while True:
                await watches.only(self._listeners(), self._ended)
                await self._look_again()

    async def _patiently(self) -> None:
        """See what there is, once the cluster can be reached."""
        back_off = BackOff()
        while True:
            try:
                return await self._wanted.look()
            except Unreachable as error:
                self._deaf = str(error)
                logger.warning("%s", error)
                await asyncio.sleep(back_off.after(error))

    async def _look_again(self) -> None:
        """After a while, or when a kind that is watched is said not to be there."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._again):
                await self._denied.wait()
        self._denied.clear()
        try:
            await self._wanted.look_again(self._is_denied)
        except ApiError as error:
            logger.info("what the cluster serves cannot be read: %s", error)

    def _listeners(self) -> dict[Kind, type[Listener]]:
        listeners: dict[Kind, type[Listener]] = {kinds.PODS: Pods, kinds.NODES: Nodes}
        listeners |= dict.fromkeys((*ALWAYS, *self._wanted.perhaps), Objects)
        return listeners | dict.fromkeys((kinds.DEPLOYMENTS, kinds.STATEFUL_SETS, *self._wanted.named), Workloads)

    def _is_denied(self, kind: Kind) -> bool:
        return any(error.not_found for (silent, _), error in self._silent.items() if silent == kind)

    def _ended(self, kind: Kind, gone: bool) -> None:
        """A kind is watched no more; when it is gone, so is all that was of it."""
        for place in [place for place in (*self._silent, *self._unread) if place[0] == kind]:
            self._silent.pop(place, None)
            self.read(place)
        for key in [key for key in self.conditions if key[0] == kind]:
            del self.conditions[key]
        if gone:
            self.found(self._discovery.replace(kind, ()))

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
        if error.not_found:
            self._denied.set()

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
