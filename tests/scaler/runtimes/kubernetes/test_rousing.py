"""Everybody awake, by what stands on the workloads, against whoever leads."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scaler.runtimes.kubernetes import rousing
from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import LEASES, Kind
from scaler.runtimes.kubernetes.api.lease import STAY
from scaler.runtimes.kubernetes.rousing import NotRoused, Roused, Rousing, sleeper
from scaler.runtimes.kubernetes.staying import written
from tests.scaler.runtimes.kubernetes.small_server import SmallServer
from torpor.kubernetes_settings import KubernetesSettings

type Json = dict[str, Any]

NOW = 1_900_000_000.0
ROLLOUTS = Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout")
ASLEEP = {"torpor.dev/phase": "asleep", "torpor.dev/replicas": "3"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rousing, "BEAT", 0.005)
    monkeypatch.setattr(rousing, "SILENCE", 0.05)


@pytest.fixture
def server() -> SmallServer:
    server = SmallServer()
    server.install(LEASES)
    return server


@pytest.fixture
async def cluster(server: SmallServer, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with server.running(tmp_path) as cluster:
        yield cluster


def put(
    server: SmallServer, name: str, replicas: int = 0, said: Json | None = None, *, kind: Kind = kinds.DEPLOYMENTS
) -> None:
    about = {"name": name, "namespace": "shop", "annotations": ASLEEP if said is None else said}
    server.put(kind, {"metadata": about, "spec": {"replicas": replicas}, "status": {"readyReplicas": 1}})


def put_lease(server: SmallServer, holder: str = "leader@10.0.0.1:8081", renewed: str = "1") -> None:
    spec = {"holderIdentity": holder, "renewTime": renewed, "leaseDurationSeconds": 6}
    about = {"name": "torpor-scaler", "namespace": "torpor"}
    server.put(LEASES, {"metadata": about, "spec": spec})


def counts(server: SmallServer, *names: str, kind: Kind = kinds.DEPLOYMENTS) -> list[int]:
    return [server.get(kind, "shop", name)["spec"]["replicas"] for name in names]


async def rouse(cluster: Cluster, patience: float = 5.0, said: list[str] | None = None, **settings: Any) -> Roused:
    told = said if said is not None else []
    work = Rousing(cluster, KubernetesSettings(**settings), "torpor-scaler", lambda: NOW, told.append)
    async with asyncio.timeout(30):
        return await work.run(patience)


async def test_each_gets_back_what_a_sleep_took_and_nobody_else_anything(server: SmallServer, cluster: Cluster) -> None:
    put(server, "web")
    put(server, "db", kind=kinds.STATEFUL_SETS)
    put(server, "up", 2)
    put(server, "by-hand", said={"torpor.dev/phase": "awake", "torpor.dev/replicas": "3"})
    put(server, "never-ours", said={})
    roused = await rouse(cluster)
    assert (sorted(roused.woken), roused.unready) == (["shop/db", "shop/web"], [])
    assert counts(server, "web", "up", "by-hand", "never-ours") == [3, 2, 0, 0]
    assert counts(server, "db", kind=kinds.STATEFUL_SETS) == [3]


@pytest.mark.parametrize(
    ("said", "replicas"),
    [
        ({"torpor.dev/phase": "asleep"}, 1),
        ({"torpor.dev/phase": "asleep", "torpor.dev/replicas": "many"}, 1),
        ({"torpor.dev/replicas": "4"}, 4),
        ({"torpor.dev/replicas": "4", "torpor.dev/phase": "?"}, 4),
    ],
)
def test_in_doubt_it_sleeps_and_is_to_be_woken(said: Json, replicas: int) -> None:
    found = sleeper(
        kinds.DEPLOYMENTS,
        {"metadata": {"name": "web", "namespace": "shop", "annotations": said}, "spec": {"replicas": 0}},
    )
    assert found is not None
    assert found.replicas == replicas


async def test_to_do_it_again_does_nothing_more(server: SmallServer, cluster: Cluster) -> None:
    put(server, "web")
    await rouse(cluster)
    server.written.clear()
    assert await rouse(cluster) == Roused([], [])
    assert not server.written


async def test_the_leader_is_told_first_and_heard_to_have_seen_it(server: SmallServer, cluster: Cluster) -> None:
    put(server, "web")
    put_lease(server)

    async def lead() -> None:
        for renewal in itertools.count(2):
            await asyncio.sleep(0.01)
            lease = server.get(LEASES, "torpor", "torpor-scaler")
            if STAY in lease["metadata"].get("annotations", {}):
                assert counts(server, "web") == [0], "it has waited to be heard"
                server.put(LEASES, lease | {"spec": lease["spec"] | {"renewTime": str(renewal)}})
                return

    said: list[str] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(lead())
        await rouse(cluster, said=said)
    assert said == ["the scaler that leads puts nobody to sleep any more", "shop/web is scaled to 3"]
    lease = server.get(LEASES, "torpor", "torpor-scaler")
    assert lease["metadata"]["annotations"][STAY] == written(NOW + rousing.WORD)
    assert lease["spec"]["holderIdentity"]


@pytest.mark.parametrize("holder", ["", "one that is dead"])
async def test_where_nobody_leads_nobody_is_waited_for(server: SmallServer, cluster: Cluster, holder: str) -> None:
    put(server, "web")
    put_lease(server, holder)
    assert (await rouse(cluster)).woken == ["shop/web"]


async def test_kinds_that_an_operator_names_are_woken_too(server: SmallServer, cluster: Cluster) -> None:
    server.install(ROLLOUTS, scalable=True)
    put(server, "web", kind=ROLLOUTS)
    named = ("rollouts.argoproj.io", "gone.example.com")
    assert (await rouse(cluster, scalable=named)).woken == ["shop/web"]
    assert counts(server, "web", kind=ROLLOUTS) == [3]


async def test_only_in_the_namespaces_that_are_looked_after(server: SmallServer, cluster: Cluster) -> None:
    put(server, "web")
    assert (await rouse(cluster, namespaces=("elsewhere",))).woken == []
    assert counts(server, "web") == [0]


async def test_who_is_put_to_sleep_meanwhile_is_woken_in_the_end(
    server: SmallServer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server, "web")
    waited = Rousing._wait_ready

    async def wait_ready(self: Rousing, waiting: set[str], patience: float) -> list[str]:
        put(server, "late")  # its sleep was under way when the word came
        return await waited(self, waiting, patience)

    monkeypatch.setattr(Rousing, "_wait_ready", wait_ready)
    assert (await rouse(cluster)).woken == ["shop/web", "shop/late"]
    assert counts(server, "web", "late") == [3, 3]


async def test_who_cannot_be_woken_is_named_and_the_others_are_awake(server: SmallServer, cluster: Cluster) -> None:
    put(server, "web")
    put(server, "stuck")
    server.refusals["PATCH", "/apis/apps/v1/namespaces/shop/deployments/stuck/scale"] = (403, "not by you")
    with pytest.raises(NotRoused) as raised:
        await rouse(cluster)
    assert raised.value.apps == {"shop/stuck": "not by you"}
    assert counts(server, "web", "stuck") == [3, 0]


async def test_whoever_may_not_tell_the_scaler_wakes_nobody(server: SmallServer, cluster: Cluster) -> None:
    put(server, "web")
    put_lease(server)
    lease = "/apis/coordination.k8s.io/v1/namespaces/torpor/leases/torpor-scaler"
    server.refusals["PATCH", lease] = (403, "not by you")
    with pytest.raises(ApiError, match="not by you"):
        await rouse(cluster)
    assert counts(server, "web") == [0]


async def test_who_does_not_become_ready_is_told_and_awake_all_the_same(server: SmallServer, cluster: Cluster) -> None:
    put(server, "web")
    found = server.get(kinds.DEPLOYMENTS, "shop", "web")
    server.put(kinds.DEPLOYMENTS, found | {"status": {}})
    assert await rouse(cluster, patience=0.02) == Roused(["shop/web"], ["shop/web"])
    assert counts(server, "web") == [3]


async def test_a_server_that_is_away_for_a_moment_is_asked_again(server: SmallServer, cluster: Cluster) -> None:
    put(server, "web")
    where = ("GET", "/apis/apps/v1/deployments")
    server.refusals[where] = (503, "not now")
    said: list[str] = []

    async def back() -> None:
        while not said:
            await asyncio.sleep(0.005)
        del server.refusals[where]

    async with asyncio.TaskGroup() as group:
        group.create_task(back())
        assert (await rouse(cluster, said=said)).woken == ["shop/web"]
    assert said[0].startswith("the cluster cannot be asked: not now")
