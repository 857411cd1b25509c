"""The apps of a cluster put into the scaler, and kept as the cluster says: found, changed, gone, scaled by others.

Lives as long as one reign of the scaler. The picture of the cluster outlives it, so that the next reign begins with all
that is known.
"""

import asyncio
from collections.abc import Iterable

from scaler.orders import SHADOW
from scaler.runtime import StopRefused
from scaler.runtimes.kubernetes.crews import Crews
from scaler.runtimes.kubernetes.discovery.found import Found
from scaler.runtimes.kubernetes.hands import Hand
from scaler.runtimes.kubernetes.objects.remembered import Remembered
from scaler.runtimes.kubernetes.picture import Picture
from scaler.runtimes.kubernetes.runtime import KubernetesRuntime
from scaler.scaler import Scaler
from scaler.standing import Standing
from torpor.words import AppId, Phase


class ClusterApps:
    """Between a picture, its runtime, and a scaler. Call `begin` once, when the picture is whole; `end` at the end."""

    def __init__(
        self,
        scaler: Scaler,
        runtime: KubernetesRuntime,
        picture: Picture,
        crews: Crews,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._scaler = scaler
        self._tasks = tasks
        self._runtime = runtime
        self._picture = picture
        self._crews = crews
        self._begun = False

    def begin(self) -> None:
        """Tell the scaler all there is, and from now on what changes."""
        self._crews.on_addresses.append(self._addressed)
        self._changed(self._picture.apps.keys())
        self._begun = True
        self._picture.on_apps.append(self._changed)

    def end(self) -> None:
        """The scaler is told nothing any more."""
        self._picture.on_apps.remove(self._changed)
        self._crews.on_addresses.remove(self._addressed)

    def _changed(self, apps: Iterable[AppId]) -> None:
        for app in apps:
            found = self._picture.apps.get(app)
            if found is None:
                if app in self._scaler.apps:
                    self._scaler.remove(app, grace=None)
                    self._runtime.forget(app)
            elif app in self._scaler.apps:
                self._keep(found)
            else:
                self._put(found)

    def _put(self, found: Found) -> None:
        workload = found.workload
        up = workload is None or workload.up
        if workload is not None:
            self._runtime.known(found.id, workload)
        memory = workload.remembered if workload is not None else Remembered()
        ours = not up and memory.phase is Phase.ASLEEP
        standing = Standing(
            up=up,
            last_access=memory.last_access,
            addresses=self._crews.addresses(found.id) if up else {},
            saved=memory.saved,
            asleep_since=memory.asleep_since if ours else None,
        )
        news = f"{found.id} is managed from now on" if self._begun and workload is not None else ""
        self._scaler.put(found.spec, standing=standing, news=news)

    def _keep(self, found: Found) -> None:
        if found.spec != self._scaler.apps[found.id].spec:
            self._scaler.put(found.spec)
        if found.workload is None:
            return
        self._scaler.resized(found.id)
        match self._runtime.known(found.id, found.workload):
            case Hand.UP:
                who = ", ".join(found.workload.managers) or "somebody"
                self._scaler.scaled(found.id, up=True, reason=f"{who} has scaled it to {found.workload.replicas}")
            case Hand.DEPLOYED:
                self._tasks.create_task(self._deployed(found.id))
            case Hand.DOWN:
                who = ", ".join(found.workload.managers) or "somebody"
                self._scaler.scaled(found.id, up=False, reason=f"{who} has scaled it to 0")

    async def _deployed(self, app: AppId) -> None:
        """What sleeps goes on sleeping, unless somebody has come meanwhile."""
        known = self._scaler.apps.get(app)
        if known is None or known.life.phase is not Phase.ASLEEP:
            return
        if known.spec.shadow:
            self._scaler.scaled(app, up=True, reason=f"a new revision was deployed, and {SHADOW}")
            return
        try:
            await self._runtime.put_back(app)
        except StopRefused as refused:
            self._scaler.scaled(app, up=True, reason=f"a new revision was deployed: {refused}")

    def _addressed(self, app: AppId) -> None:
        if app in self._scaler.apps:
            self._scaler.addressed(app, self._crews.addresses(app))
