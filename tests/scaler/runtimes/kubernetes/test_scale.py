"""The writes of a sleep and a wake, among those of others."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scaler.runtime import StopRefused
from scaler.runtimes.kubernetes import scale
from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.objects.remembered import Remembered
from scaler.runtimes.kubernetes.objects.workload import read_workload
from scaler.runtimes.kubernetes.scale import Seen
from tests.scaler.runtimes.kubernetes.realm import SCALE, WEB, town
from tests.scaler.runtimes.kubernetes.small_server import SmallServer
from torpor.words import Phase


@pytest.fixture
def server() -> SmallServer:
    return town(replicas=3)


@pytest.fixture
async def cluster(server: SmallServer, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with server.running(tmp_path) as cluster:
        yield cluster


def seen(server: SmallServer) -> Seen:
    return Seen.of(read_workload(kinds.DEPLOYMENTS, server.get(kinds.DEPLOYMENTS, "shop", "web")))


def touch(server: SmallServer, **changed: object) -> None:
    """Somebody else writes."""
    server.put(kinds.DEPLOYMENTS, server.get(kinds.DEPLOYMENTS, "shop", "web") | changed)


async def test_a_sleep_writes_what_to_remember_and_then_the_count(server: SmallServer, cluster: Cluster) -> None:
    generation = await scale.to_nothing(cluster, seen(server), Remembered())
    now = server.get(kinds.DEPLOYMENTS, "shop", "web")
    assert [path for path, _ in server.written] == [WEB, SCALE]
    assert now["spec"]["replicas"] == 0
    assert now["metadata"]["annotations"] == {"torpor.dev/replicas": "3", "torpor.dev/phase": "asleep"}
    assert now["metadata"]["generation"] == generation


async def test_a_status_that_moves_meanwhile_is_no_obstacle(server: SmallServer, cluster: Cluster) -> None:
    before = seen(server)
    touch(server, status={"readyReplicas": 3})
    await scale.to_nothing(cluster, before, Remembered())
    assert server.get(kinds.DEPLOYMENTS, "shop", "web")["spec"]["replicas"] == 0


async def test_a_workload_that_somebody_has_scaled_meanwhile_is_let_be(server: SmallServer, cluster: Cluster) -> None:
    before = seen(server)
    spec = server.get(kinds.DEPLOYMENTS, "shop", "web")["spec"]
    touch(server, spec=spec | {"replicas": 5})
    with pytest.raises(StopRefused, match="changed meanwhile"):
        await scale.to_nothing(cluster, before, Remembered())
    assert server.get(kinds.DEPLOYMENTS, "shop", "web")["spec"]["replicas"] == 5


async def test_a_wake_is_one_write_whatever_has_changed(server: SmallServer, cluster: Cluster) -> None:
    ref = seen(server).ref
    touch(server, status={"readyReplicas": 0})
    await scale.to_count(cluster, ref, 2)
    assert server.written == [(SCALE, {"spec": {"replicas": 2}})]


async def test_what_is_not_known_is_not_written_over(server: SmallServer, cluster: Cluster) -> None:
    await scale.remember(cluster, seen(server).ref, Remembered(3, None, Phase.ASLEEP))
    await scale.remember(cluster, seen(server).ref, Remembered(None, None, Phase.AWAKE))
    noted = server.get(kinds.DEPLOYMENTS, "shop", "web")["metadata"]["annotations"]
    assert noted == {"torpor.dev/replicas": "3", "torpor.dev/phase": "awake"}
