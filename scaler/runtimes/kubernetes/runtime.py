"""The runtime of a cluster: wakes by one write of a replica count, sleeps by two, and waits for pods in between.

What is written is remembered until the watch has brought it back, so that nobody mistakes it for somebody else's doing.
"""

import asyncio
import time
from collections import defaultdict

from scaler.logs.line import Line
from scaler.runtime import Addresses, Say, StartFailed, StopRefused, TakeLines
from scaler.runtimes.kubernetes import scale
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable
from scaler.runtimes.kubernetes.crews import Crews
from scaler.runtimes.kubernetes.discovery.found import Found
from scaler.runtimes.kubernetes.following import follow
from scaler.runtimes.kubernetes.hands import Hand, Last, look
from scaler.runtimes.kubernetes.logs import log_tail
from scaler.runtimes.kubernetes.objects.remembered import Remembered
from scaler.runtimes.kubernetes.objects.workload import Workload
from scaler.runtimes.kubernetes.picture import Picture
from scaler.runtimes.kubernetes.wait import Wait
from scaler.stage import SCALING, Stage
from scaler.tally import Tally
from torpor.words import AppId, Phase

AGAIN = 1.0
"""Seconds until a cluster that could not be reached is asked again for a wake."""


class KubernetesRuntime:
    """The port `scaler.runtime.Runtime`."""

    def __init__(self, cluster: Cluster, picture: Picture, crews: Crews, *, autoscaled: bool) -> None:
        self._cluster = cluster
        self._picture = picture
        self._crews = crews
        self._autoscaled = autoscaled
        self._last: dict[AppId, Last] = {}
        self._writing: defaultdict[AppId, asyncio.Lock] = defaultdict(asyncio.Lock)

    # The port

    async def start(self, app: AppId, say: Say) -> Addresses:
        """Scale back what sleeps, and wait until a pod has answered. Cancelled, it leaves what it has begun."""
        wait = Wait(self._cluster, self._picture, self._crews, app, autoscaled=self._autoscaled)
        async with self._writing[app]:
            found = self._found(app)
            if not self._up(found):
                await self._scale_up(found, say)
        await wait.until_served(say)
        return self._crews.addresses(app)

    async def stop(self, app: AppId, *, last_access: float | None, saved: Tally | None = None) -> None:
        """Scale to nothing. A workload that is managed no more, or gone, is nobody's business. Raises StopRefused."""
        async with self._writing[app]:
            found = self._picture.apps.get(app)
            if found is not None and found.workload is not None and found.workload.up:
                memory = Remembered(last_access=last_access, asleep_since=time.time(), saved=saved)
                await self._scale_down(found.workload, memory)

    def replicas(self, app: AppId) -> int:
        """How many are wanted now."""
        found = self._picture.apps.get(app)
        return found.workload.replicas if found is not None and found.workload is not None else 0

    def replicas_awake(self, app: AppId) -> int:
        """How many are wanted, or would be after a wake."""
        found = self._picture.apps.get(app)
        if found is None or found.workload is None:
            return 0
        return found.workload.replicas or found.wakes_to

    async def log_tail(self, app: AppId, lines: int, since: str = "") -> list[Line]:
        """The last lines of its pods' output."""
        return await log_tail(self._cluster, self._picture.pods(app), lines, since)

    async def follow(self, app: AppId, take: TakeLines, lines: int | None, since: str) -> None:
        """The output of its pods as it comes."""
        await follow(self._cluster, self._picture, self._crews, app, take, lines, since)

    # For those who keep the scaler up to date

    def known(self, app: AppId, workload: Workload) -> Hand:
        """This is how a workload stands now; what somebody else has done to it since the last time."""
        last = self._last.get(app)
        if last is None:
            self._last[app] = Last(workload.replicas, workload.template)
            return Hand.NOTHING
        hand, self._last[app] = look(last, workload)
        return hand

    def forget(self, app: AppId) -> None:
        """It is there no more."""
        self._last.pop(app, None)
        self._writing.pop(app, None)

    async def put_back(self, app: AppId) -> None:
        """A new revision has brought a replica count along: remember it, and go on sleeping. Raises StopRefused."""
        async with self._writing[app]:
            found = self._picture.apps.get(app)
            if found is not None and found.workload is not None and found.workload.up:
                await self._scale_down(found.workload, found.workload.remembered)

    async def note(self, app: AppId, phase: Phase, last_access: float | None, saved: Tally | None = None) -> None:
        """Write down that it is awake, unless that stands there. Raises ApiError."""
        found = self._picture.apps.get(app)
        if found is not None and found.workload is not None and found.workload.remembered.phase is not phase:
            memory = Remembered(last_access=last_access, phase=phase, saved=saved)
            await scale.remember(self._cluster, found.workload.ref, memory)

    # How

    def _found(self, app: AppId) -> Found:
        found = self._picture.apps.get(app)
        if found is None or found.workload is None:
            raise StartFailed("it is there no more")
        return found

    def _up(self, found: Found) -> bool:
        last = self._last.get(found.id)
        workload = found.workload
        if last is not None and workload is not None and workload.generation < last.generation:
            return last.replicas > 0
        return workload is not None and workload.up

    async def _scale_down(self, workload: Workload, memory: Remembered) -> None:
        try:
            generation = await scale.to_nothing(self._cluster, scale.Seen.of(workload), memory)
        except ApiError as error:
            if not error.not_found:
                raise StopRefused(f"the cluster says: {error}") from None
        else:
            self._wrote(workload, 0, generation)
            self._crews.down(workload.app)

    async def _scale_up(self, found: Found, say: Say) -> None:
        workload = found.workload
        if workload is None:
            return
        last = self._last.get(found.id)
        behind = last is not None and workload.generation < last.generation
        replicas = found.wakes_with(last.remembered) if last and behind else found.wakes_to
        while True:
            say(Stage(SCALING, f"scaling to {replicas}"))
            try:
                await scale.to_count(self._cluster, workload.ref, replicas)
                break
            except Unreachable as error:
                say(Stage(SCALING, f"the cluster cannot be asked: {error}"))
                await self._crews.news(found.id, AGAIN)
                if self._up(self._found(found.id)):
                    return
            except ApiError as error:
                raise StartFailed(f"the cluster says: {error.message}") from None
        last = self._last.get(found.id)
        self._wrote(workload, replicas, max(workload.generation, last.generation if last else 0) + 1)

    def _wrote(self, workload: Workload, replicas: int, generation: int) -> None:
        """Unless the watch has been faster."""
        found = self._picture.apps.get(workload.app)
        if found is None or found.workload is None:
            return
        before = self._last.get(workload.app) or Last(workload.replicas, workload.template)
        if found.workload.generation < generation:
            remembered = None if replicas else workload.replicas
            self._last[workload.app] = before.wrote(replicas, generation, remembered)
