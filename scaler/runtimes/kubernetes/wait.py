"""Waits until an app that was scaled up answers, says how far it has come, and gives up in the cluster's own words."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic, time

from scaler.runtime import Say, StartFailed
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import EVENTS, Kind
from scaler.runtimes.kubernetes.api.watch import Key
from scaler.runtimes.kubernetes.crews import Crews
from scaler.runtimes.kubernetes.objects.reading import Ref
from scaler.runtimes.kubernetes.picture import Picture
from scaler.runtimes.kubernetes.pods.notes import Note, read_note
from scaler.runtimes.kubernetes.pods.progress import Failed, progress
from scaler.runtimes.kubernetes.pods.stages import GRACE, Scene
from torpor.words import AppId

SLOW = 0.8
"""Seconds after which the cluster's Events are looked at too: most apps answer before."""
EVENTS_AGAIN = 1.5
PATIENCE = 1.0
NODE_LOST = 30.0
"""Seconds after which a node that is not ready is lost. Kubelets say how they are every ten; when the API server has
been away all nodes look lost for a while."""
SKEW = 2.0
"""Seconds by which an Event may be older than the start and yet be about it: it is written in whole seconds."""
MOST_EVENTS = 500


class Wait:
    """One start."""

    def __init__(self, cluster: Cluster, picture: Picture, crews: Crews, app: AppId, *, autoscaled: bool) -> None:
        self._cluster = cluster
        self._picture = picture
        self._crews = crews
        self._app = app
        self._autoscaled = autoscaled
        self._now = asyncio.get_running_loop().time
        self._began, self._began_wall = self._now(), time()
        self._notes: Sequence[Note] = ()
        self._events_at = self._began + SLOW
        self._on_node: dict[str, float] = {}
        """Since when a pod is seen on a node, in monotonic seconds."""
        self._settled_at = self._began
        """When there is room on all nodes that have just come back, if there is any."""
        self._over_before = frozenset(pod.uid for pod in picture.pods(app) if pod.over)

    async def until_served(self, say: Say) -> None:
        """Until a door of it leads somewhere. Raises StartFailed."""
        while True:
            found = self._picture.apps.get(self._app)
            if found is None or found.workload is None:
                raise StartFailed("it is there no more")
            if any(self._crews.addresses(self._app).values()):
                return
            if self._now() >= self._events_at:
                await self._read_events(found.workload.ref)
                self._events_at = self._now() + EVENTS_AGAIN
                continue  # it may serve by now
            stand = progress(self._scene(found.workload.ref))
            if isinstance(stand, Failed):
                raise StartFailed(stand.reason)
            say(stand.stage)
            patience = min(PATIENCE, stand.again or PATIENCE, self._events_at - self._now())
            await self._crews.news(self._app, max(0.01, patience))

    def _scene(self, ref: Ref) -> Scene:
        kind = Kind(ref.group, ref.version, ref.plural, ref.kind)
        return Scene(
            pods=self._picture.pods(self._app),
            waited=self._now() - self._began,
            conditions=self._picture.conditions.get((kind, Key(ref.namespace, ref.name)), {}),
            notes=self._notes,
            autoscaled=self._autoscaled,
            lost_nodes=self._lost_nodes(),
            unsettled=self._unsettled(),
            probed=self._crews.probed(self._app),
            over_before=self._over_before,
        )

    def _lost_nodes(self) -> dict[str, str]:
        """Those that have not been ready all the time that a pod has been on them."""
        now = monotonic()
        for pod in self._picture.pods(self._app):
            if pod.node and not pod.deleting:
                self._on_node.setdefault(pod.node, now)
        lost = self._picture.lost_nodes
        since = {name: max(one.since, self._on_node.get(name, now)) for name, one in lost.items()}
        return {name: lost[name].why for name, began in since.items() if now - began >= NODE_LOST}

    def _unsettled(self) -> bool:
        """Also for a moment after the last node has come back: the scheduler has to hear of it first."""
        now = self._now()
        if any(monotonic() - lost.since < NODE_LOST for lost in self._picture.lost_nodes.values()):
            self._settled_at = now + GRACE
        return now < self._settled_at

    async def _read_events(self, ref: Ref) -> None:
        """Those of the workload since the start. What cannot be read is not known."""
        with suppress(ApiError):
            page = await self._cluster.page(EVENTS, ref.namespace, limit=MOST_EVENTS)
            uids = {pod.uid for pod in self._picture.pods(self._app)}
            notes = [note for note in map(read_note, page.items) if note.concerns(ref, uids)]
            since = self._began_wall - SKEW
            self._notes = sorted((n for n in notes if n.at is None or n.at >= since), key=lambda note: note.at or 0.0)
