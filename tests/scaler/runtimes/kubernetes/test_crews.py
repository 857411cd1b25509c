"""Which pods of which app serve, kept up to date: with a picture of a cluster that nobody asks, and real servers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from scaler.runtimes.kubernetes.api.access import Kubeconfig
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.crews import Crews
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.picture import Picture
from scaler.runtimes.kubernetes.pods.leaving import STAYS
from scaler.runtimes.kubernetes.pods.pod import read_pod
from tests.scaler.runtimes.kubernetes.cluster_objects import (
    DEPLOYMENTS,
    INGRESSES,
    SERVICES,
    deployment,
    ingress,
    service,
)
from tests.scaler.runtimes.kubernetes.pods.servers import Web
from torpor.words import Address

APP = "shop/web"
READY = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}


class Town:
    """A cluster as it would be told."""

    def __init__(self) -> None:
        self.discovery = Discovery(Serve(), Defaults())
        self.picture = Picture(Cluster(Kubeconfig("/nowhere")), self.discovery)
        self.told: list[str] = []

    @contextlib.asynccontextmanager
    async def crews(self) -> AsyncIterator[Crews]:
        async with asyncio.timeout(60), Crews(self.picture) as crews:
            crews.on_addresses.append(self.told.append)
            yield crews

    def workload(self, port: int, *, replicas: int = 1, probe: bool = True) -> None:
        get = {"httpGet": {"path": "/ready", "port": "http"}} if probe else None
        ports = [{"containerPort": port, "name": "http"}]
        made = deployment(ports=ports, probe=get, replicas=replicas)
        self.picture.found(self.discovery.put(DEPLOYMENTS, made))

    def pod(
        self, name: str = "web-1", *, port: int, ready: bool = False, deleting: bool = False, **status: Any
    ) -> None:
        leaving = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleting else {}
        pod = {
            "metadata": {"name": name, "namespace": "shop", "uid": f"uid of {name}", "labels": {"app": "web"}}
            | leaving,
            "spec": {"containers": [{"name": "main", "ports": [{"containerPort": port, "name": "http"}]}]},
            "status": {"podIP": "127.0.0.1", "conditions": [READY] if ready else []} | status,
        }
        self.picture.moved(self.picture.owners.put(read_pod(pod)))


async def until(crews: Crews, holds: Callable[[], object]) -> None:
    while not holds():
        await crews.news(APP, 0.05)


async def test_a_pod_serves_once_it_has_answered_and_until_it_leaves() -> None:
    town, web = Town(), Web([503, 200])
    async with web.running() as address, town.crews() as crews:
        town.workload(address.port)
        town.pod(port=address.port)
        town.told.clear()
        await until(crews, lambda: crews.addresses(APP) == {"": (address,)})
        assert town.told == [APP]
        town.pod(port=address.port, deleting=True)
        assert crews.addresses(APP) == {"": ()}
        assert town.told == [APP, APP]


async def test_what_is_asked_is_told_with_the_last_answer() -> None:
    town, web = Town(), Web([503])
    async with web.running() as address, town.crews() as crews:
        town.workload(address.port)
        town.pod(port=address.port)
        await until(crews, lambda: crews.probed(APP))
        assert crews.probed(APP) == {"uid of web-1": f"GET /ready on {address} (last answer 503)"}


async def test_what_was_there_before_is_looked_at_too() -> None:
    town, web = Town(), Web()
    async with web.running() as address:
        town.workload(address.port)
        town.pod(port=address.port, ready=True)
        async with town.crews() as crews:
            assert crews.addresses(APP) == {"": (address,)}


async def test_a_pod_without_a_probe_that_has_refused_is_not_trusted_for_being_ready(port: int) -> None:
    town = Town()
    async with town.crews() as crews:
        town.workload(port, probe=False)
        town.pod(port=port)
        await until(crews, lambda: crews.probed(APP))
        town.pod(port=port, ready=True)
        assert crews.addresses(APP) == {"": ()}
        async with Web().running(port=port) as address:
            await until(crews, lambda: crews.addresses(APP) == {"": (address,)})


async def test_an_app_that_is_put_to_sleep_serves_nowhere_and_is_asked_nothing() -> None:
    town, web = Town(), Web()
    async with web.running() as address, town.crews() as crews:
        town.workload(address.port)
        town.pod(port=address.port, ready=True)
        assert crews.addresses(APP) == {"": (address,)}
        town.workload(address.port, replicas=0)
        assert crews.addresses(APP) == {}
        assert crews.probed(APP) == {}


async def test_a_pod_that_was_there_when_its_app_was_put_to_sleep_is_not_trusted_by_the_wake_that_follows_at_once() -> (
    None
):
    town, web, new = Town(), Web(), Web()
    async with web.running() as address, new.running() as other, town.crews() as crews:
        town.workload(address.port)
        town.pod(port=address.port, ready=True)
        town.workload(address.port, replicas=0)
        town.workload(address.port)
        assert crews.addresses(APP) == {"": ()}
        town.pod("web-2", port=other.port)
        await until(crews, lambda: crews.addresses(APP) == {"": (other,)})


async def test_so_it_is_when_only_the_writer_knows_of_the_sleep_yet() -> None:
    town, web = Town(), Web()
    async with web.running() as address, town.crews() as crews:
        town.workload(address.port)
        town.pod(port=address.port, ready=True)
        town.told.clear()
        crews.down(APP)
        assert crews.addresses(APP) == {"": ()}
        assert town.told == [APP]
        town.workload(address.port, replicas=0)
        assert crews.addresses(APP) == {}
        town.workload(address.port)
        assert crews.addresses(APP) == {"": ()}


async def test_a_pod_that_nobody_has_ended_after_all_serves_again() -> None:
    town, web = Town(), Web()
    async with web.running() as address, town.crews() as crews:
        town.workload(address.port)
        town.pod(port=address.port, ready=True)
        town.workload(address.port, replicas=0)
        town.workload(address.port)
        began = asyncio.get_running_loop().time()
        await until(crews, lambda: crews.addresses(APP) == {"": (address,)})
        assert asyncio.get_running_loop().time() - began >= STAYS


async def test_an_app_that_is_gone_is_forgotten() -> None:
    town, web = Town(), Web([503])
    async with web.running() as address, town.crews() as crews:
        town.workload(address.port)
        town.pod(port=address.port)
        await until(crews, lambda: crews.probed(APP))
        town.picture.found(town.discovery.remove(DEPLOYMENTS, "shop", "web"))
        assert crews.addresses(APP) == {}
        await until(crews, lambda: web.open == 0)
        asked = len(web.asked)
        await crews.news(APP, 0.2)
        assert len(web.asked) <= asked + 1  # one may have been on its way


async def test_pods_of_no_workload_of_ours_serve_when_they_are_ready_and_listen() -> None:
    """Such as cert-manager's solver of a challenge."""
    town, web, app = Town(), Web(), "shop/service~web"
    async with town.crews() as crews:
        found = town.discovery.put(SERVICES, service()) | town.discovery.put(INGRESSES, ingress())
        town.picture.found(found)
        async with web.running() as address:
            town.pod(port=address.port)
            await until(crews, lambda: web.most_open)
            assert crews.addresses(app) == {"": ()}
            town.pod(port=address.port, ready=True)
            await until(crews, lambda: crews.addresses(app) == {"": (address,)})


async def test_ports_with_a_name_are_each_pods_own(port: int) -> None:
    town = Town()
    async with Web().running() as one, Web().running() as two, town.crews() as crews:
        town.workload(port)
        town.pod("web-1", port=one.port)
        town.pod("web-2", port=two.port)
        await until(crews, lambda: len(crews.addresses(APP)[""]) == 2)
        assert set(crews.addresses(APP)[""]) == {one, Address("127.0.0.1", two.port)}
