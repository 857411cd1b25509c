"""Follows what was applied until it is rolled out, fails, or the time is up; wakes what sleeps where that is wanted.

A rollout that cannot come about is told by its pods long before the deadline of a Deployment (ten minutes): by those
that have come since, for the old ones' troubles are not of this revision.
"""

import asyncio
from collections.abc import Callable, Iterable

from scaler.applier.applied import Workload
from scaler.applier.report import Rolled
from scaler.applier.rollout import Stand, stand
from scaler.errors import NotManaged, WakeFailed
from scaler.runtime import Say
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable
from scaler.runtimes.kubernetes.api.watch import Key
from scaler.runtimes.kubernetes.picture import Picture
from scaler.runtimes.kubernetes.pods.progress import Failed, progress
from scaler.runtimes.kubernetes.pods.stages import Scene
from scaler.scaler import Scaler
from torpor.clock import Clock
from torpor.words import AppId, Cause, Phase

AGAIN = 1.0
"""Seconds between two looks."""
SEEN = 10.0
"""Seconds for a watch to bring what was written."""
CAUSE = Cause("operator", note="torpor apply --wake")


class Following:
    """Of one reign."""

    def __init__(self, cluster: Cluster, scaler: Scaler, picture: Picture, *, autoscaled: bool) -> None:
        self._cluster = cluster
        self._scaler = scaler
        self._picture = picture
        self._autoscaled = autoscaled

    def pods(self, namespace: str, name: str) -> frozenset[str]:
        """The uids of a workload's pods that are there now."""
        return frozenset(pod.uid for pod in self._picture.pods(f"{namespace}/{name}"))

    async def follow(self, one: Workload, *, seconds: float, wake: bool, say: Say) -> Rolled:
        """Never longer than `seconds`."""
        app = one.app
        seen = [Stand(False, "nothing has been seen of it")]

        def told(now: Stand) -> None:
            if now != seen[0]:
                say(f"{app}: {now.words}")
            seen[0] = now

        try:
            async with asyncio.timeout(seconds):
                if wake and one.asleep:
                    await self._wake(app, one.generation)
                await self._until_done(one, told)
                if wake and seen[0].done and self._failed(app):
                    await self._scaler.wake(app, CAUSE)
        except TimeoutError:
            return Rolled(app, False, seen[0].asleep, f"not rolled out within {seconds:g}s: {seen[0].words}")
        except WakeFailed as error:
            return Rolled(app, False, False, f"it did not wake: {error.reason}")
        except (NotManaged, KeyError):
            return Rolled(app, False, True, "it sleeps, and Torpor does not look after it")
        return Rolled(app, seen[0].done, seen[0].asleep, seen[0].words)

    def _failed(self, app: AppId) -> bool:
        """Its last wake did not come about: visits are told so, until another one does."""
        known = self._scaler.apps.get(app)
        return known is not None and known.spec.managed and known.life.phase is Phase.FAILED

    async def _wake(self, app: AppId, generation: int) -> None:
        """By what was applied: the watch has to have brought it. Raises WakeFailed, NotManaged, KeyError."""
        if not self._scaler.apps[app].spec.managed:
            raise NotManaged
        seen = asyncio.Event()

        def look(apps: Iterable[AppId]) -> None:
            found = self._picture.apps.get(app) if app in apps else None
            if found is not None and found.workload is not None and found.workload.generation >= generation:
                seen.set()

        self._picture.on_apps.append(look)
        try:
            look([app])
            async with asyncio.timeout(SEEN):
                await seen.wait()
        except TimeoutError:
            raise WakeFailed("the cluster has not told of the change yet; try again") from None
        finally:
            self._picture.on_apps.remove(look)
        await self._scaler.wake(app, CAUSE)

    async def _until_done(self, one: Workload, told: Callable[[Stand], None]) -> None:
        clock: Clock = self._scaler.clock
        began = clock.now()
        namespace, _, name = one.app.partition("/")
        while True:
            try:
                now = stand(await self._cluster.get(one.kind, namespace, name))
            except Unreachable as error:
                now = Stand(False, str(error))
            except ApiError as error:
                now = Stand(False, error.message, failed=True)
            if not now.done and not now.failed:
                now = self._trouble(one, clock.now() - began) or now
            told(now)
            if now.done or now.failed:
                return
            await asyncio.sleep(AGAIN)

    def _trouble(self, one: Workload, waited: float) -> Stand | None:
        """What keeps the new pods from being ready for good, in the cluster's words."""
        found = self._picture.apps.get(one.app)
        pods = [pod for pod in self._picture.pods(one.app) if pod.uid not in one.old]
        if found is None or found.workload is None or not any(not pod.deleting for pod in pods):
            return None
        conditions = self._picture.conditions.get((one.kind, Key(*one.app.split("/"))), {})
        scene = Scene(pods=pods, waited=waited, conditions=conditions, autoscaled=self._autoscaled)
        found_out = progress(scene)
        return Stand(False, found_out.reason, failed=True) if isinstance(found_out, Failed) else None
