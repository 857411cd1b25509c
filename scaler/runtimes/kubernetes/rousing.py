"""Everybody awake, before Torpor is taken out of a cluster: each gets back the replica count that a sleep took.

It goes by what stands on the workloads, and needs no scaler. One that leads is told first, by a word on its Lease, that
nobody is to be put to sleep any more, and is heard to have seen it; it goes on waking apps for visits and telling
proxies where they answer, so that no visit is lost. A count is written only to what is still as it was looked at. To do
it twice, or two at once, does nothing more; cut off anywhere, it leaves what it has done, and the word wears off.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.backoff import BackOff
from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable
from scaler.runtimes.kubernetes.api.kinds import LEASES, Kind, NotScalable
from scaler.runtimes.kubernetes.api.lease import STAY
from scaler.runtimes.kubernetes.objects.reading import Malformed
from scaler.runtimes.kubernetes.objects.workload import read_workload
from scaler.runtimes.kubernetes.staying import written
from torpor.kubernetes_settings import KubernetesSettings
from torpor.words import Phase

WORD = 120.0
"""Seconds for which the word holds: longer than what takes Torpor away needs after this has ended."""
RENEW = 30.0
SILENCE = 10.0
"""Seconds without a renewal after which nobody leads; who leads next reads the Lease first."""
BEAT = 0.5
"""Seconds between two looks at what is waited for."""
AT_ONCE = 16
"""Writes under way."""
ROUNDS = 5
"""So often it is looked for sleepers again; then they are somebody else's doing, or cannot be woken."""

type Say = Callable[[str], None]


class NotRoused(Exception):  # noqa: N818 - reads as what happened
    """Some sleep on: `apps`, each with the reason."""

    def __init__(self, apps: dict[str, str]) -> None:
        self.apps = apps
        super().__init__("; ".join(f"{app}: {why}" for app, why in apps.items()))


class Sleeper(NamedTuple):
    """A workload at no replicas, where a sleep of ours has left it."""

    kind: Kind
    namespace: str
    name: str
    replicas: int
    """What it had."""
    version: str

    @property
    def app(self) -> str:
        """For people."""
        return f"{self.namespace}/{self.name}"


class Roused(NamedTuple):
    """What has been done."""

    woken: list[str]
    unready: list[str]
    """Those of them of which no pod was ready in time: they are up, and nobody looks after them any more."""


def sleeper(kind: Kind, source: Json) -> Sleeper | None:
    """Whether a workload sleeps, by what stands on it. In doubt it does: awake, it is nobody's loss."""
    try:
        workload = read_workload(kind, source)
    except Malformed:
        return None
    memory = workload.remembered
    ours = memory.phase is Phase.ASLEEP or (memory.phase is None and memory.replicas is not None)
    if workload.up or not ours:
        return None
    ref = workload.ref
    return Sleeper(kind, ref.namespace, ref.name, memory.replicas or 1, workload.resource_version)


class Rousing:
    """`run` it once. `wall` is the time of day in Unix seconds; `say` is told each step."""

    def __init__(
        self, cluster: Cluster, settings: KubernetesSettings, lease: str, wall: Callable[[], float], say: Say
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._lease = lease
        self._wall = wall
        self._say = say
        self._kinds = [kinds.DEPLOYMENTS, kinds.STATEFUL_SETS]

    async def run(self, patience: float) -> Roused:
        """Wake all, and wait for up to `patience` seconds until each has a pod that is ready. However long the cluster
        cannot be asked, it goes on: whoever calls has a deadline. Raises NotRoused, ApiError, NotScalable."""
        await self._look_for_kinds()
        word = await self._tell()
        try:
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(self._keep_telling())
                try:
                    if word is not None:
                        await self._heard(word)
                    woken = await self._give_back()
                    unready = await self._wait_ready(set(woken), patience)
                    woken += await self._give_back()  # what was about to sleep when the word came
                finally:
                    telling.cancel()
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        await self._tell()
        return Roused(woken, unready)

    async def _look_for_kinds(self) -> None:
        if self._settings.scalable:
            offer = await self._again(lambda: kinds.offer(self._cluster))
            for name in self._settings.scalable:
                with suppress(NotScalable):  # no such kind, no sleepers of it
                    self._kinds.append(await offer.scalable(name))

    # The word on the Lease

    async def _tell(self) -> Json | None:
        """The Lease as it is with the word on it; None where there is none, and so nobody leads."""
        body = {"metadata": {"annotations": {STAY: written(self._wall() + WORD)}}}
        namespace = self._settings.namespace
        try:
            return await self._again(lambda: self._cluster.patch(LEASES, namespace, self._lease, body))
        except ApiError as error:
            if error.not_found:
                return None
            raise

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(RENEW)
            await self._tell()

    async def _heard(self, told: Json) -> None:
        """Until the leader has renewed the Lease: it does that only on what it has seen, so it has seen the word."""
        now = asyncio.get_running_loop().time
        until = now() + SILENCE
        while _renewed(told) is not None and now() < until:
            await asyncio.sleep(BEAT)
            try:
                seen = await self._again(
                    lambda: self._cluster.get(LEASES, self._settings.namespace, self._lease), least=BEAT
                )
            except ApiError as error:
                if error.not_found:
                    return
                raise
            if _renewed(seen) != _renewed(told):
                self._say("the scaler that leads puts nobody to sleep any more")
                return

    # The apps

    async def _give_back(self) -> list[str]:
        """Until nobody is found asleep; who was woken. Raises NotRoused."""
        woken: dict[str, None] = {}
        failed: dict[str, str] = {}
        for _ in range(ROUNDS):
            found = [one async for each in self._workloads() if (one := sleeper(*each)) is not None]
            if not found:
                return list(woken)
            places, failed = asyncio.Semaphore(AT_ONCE), {}
            async with asyncio.TaskGroup() as group:
                for one in found:
                    group.create_task(self._wake(one, places, woken, failed))
            await asyncio.sleep(BEAT)
        raise NotRoused(failed or {one.app: "it is asleep again each time" for one in found})

    async def _wake(
        self, one: Sleeper, places: asyncio.Semaphore, woken: dict[str, None], failed: dict[str, str]
    ) -> None:
        body: Json = {"metadata": {"resourceVersion": one.version}, "spec": {"replicas": one.replicas}}
        where = (one.kind, one.namespace, one.name)
        try:
            async with places:
                await self._again(lambda: self._cluster.patch(*where, body, subresource="scale"))
        except ApiError as error:
            if not error.conflict and not error.not_found:  # those two are looked at anew
                failed[one.app] = error.message
        else:
            woken[one.app] = None
            self._say(f"{one.app} is scaled to {one.replicas}")

    async def _wait_ready(self, waiting: set[str], patience: float) -> list[str]:
        now = asyncio.get_running_loop().time
        until = now() + patience
        while waiting:
            async for kind, source in self._workloads():
                meta, status = source["metadata"], source.get("status") or {}
                if kind.group != "apps" or status.get("readyReplicas"):  # others need not say how many are ready
                    waiting.discard(f"{meta.get('namespace')}/{meta['name']}")
            if now() >= until:
                break
            await asyncio.sleep(BEAT * 2)
        return sorted(waiting)

    async def _workloads(self) -> AsyncIterator[tuple[Kind, Json]]:
        for kind in self._kinds:
            for place in self._settings.namespaces or (None,):
                more = ""
                while True:
                    page = await self._again(lambda k=kind, p=place, m=more: self._cluster.page(k, p, more=m))  # type: ignore[misc]
                    for source in page.items:
                        yield kind, source
                    more = page.more
                    if not more:
                        break

    async def _again[T](self, call: Callable[[], Awaitable[T]], *, least: float = 0.0) -> T:
        """What the call gives, as soon as the cluster can be asked."""
        back_off = BackOff()
        while True:
            try:
                return await call()
            except ApiError as error:
                if not isinstance(error, Unreachable) and error.status != 429 and error.status < 500:
                    raise
                self._say(f"the cluster cannot be asked: {error}")
                await asyncio.sleep(max(least, back_off.after(error)))


def _renewed(lease: Json) -> str | None:
    """When its holder has renewed it last; None where nobody holds it."""
    spec = lease.get("spec") or {}
    return str(spec.get("renewTime")) if spec.get("holderIdentity") else None
