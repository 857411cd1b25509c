"""How a start is waited for: until a pod answers, or the cluster says why none will."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from scaler.runtime import StartFailed
from scaler.runtimes.kubernetes import wait
from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.pods import stages
from tests.scaler.runtimes.kubernetes.pods.servers import Web
from tests.scaler.runtimes.kubernetes.realm import APP, Realm, reigning, town

WAITING = {"name": "main", "ready": False, "state": {"waiting": {"reason": "ErrImageNeverPull", "message": "no such"}}}


def quiet(_: str) -> None:
    """Nobody listens."""


def node(ready: str) -> dict[str, Any]:
    return {"metadata": {"name": "n1"}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def stuck(realm: Realm, **status: Any) -> None:
    about = {"name": "web-1", "namespace": "shop", "uid": "uid of web-1", "labels": {"app": "web"}}
    spec = {"containers": [{"name": "main"}], "nodeName": "n1"}
    realm.server.put(kinds.PODS, {"metadata": about, "spec": spec, "status": {"phase": "Pending"} | status})


async def test_a_pod_that_can_never_start_ends_it_in_the_clusters_own_words(tmp_path: Path) -> None:
    async with reigning(town(), tmp_path) as realm:
        stuck(realm, containerStatuses=[WAITING])
        with pytest.raises(StartFailed, match="ErrImageNeverPull"):
            await realm.runtime.start(APP, quiet)


async def test_no_room_is_no_failure_while_a_node_may_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "GRACE", 0.2)
    monkeypatch.setattr(wait, "GRACE", 0.2)
    server = town()
    server.put(kinds.NODES, node("Unknown"))
    async with reigning(server, tmp_path) as realm:
        about = {"name": "web-1", "namespace": "shop", "uid": "uid of web-1", "labels": {"app": "web"}}
        no_room = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "untolerated taint"}
        pod = {"metadata": about, "spec": {"containers": [{"name": "main"}]}, "status": {"conditions": [no_room]}}
        realm.server.put(kinds.PODS, pod)
        said = list[str]()
        start = asyncio.get_running_loop().create_task(realm.runtime.start(APP, said.append))
        await realm.until(lambda: "waiting for a node: untolerated taint" in said)
        done, _ = await asyncio.wait({start}, timeout=5 * 0.2)
        assert not done
        realm.server.put(kinds.NODES, node("True"))
        with pytest.raises(StartFailed, match="Unschedulable: untolerated taint"):
            await start


async def test_it_says_how_far_it_has_come(tmp_path: Path) -> None:
    web, said = Web([503]), list[str]()
    async with web.running() as address, reigning(town(address.port), tmp_path) as realm:
        start = asyncio.get_running_loop().create_task(realm.runtime.start(APP, said.append))
        await realm.until(lambda: "waiting for a pod" in said)
        realm.pod(address.port)
        words = f"probing GET /ready on 127.0.0.1:{address.port} (last answer 503)"
        await realm.until(lambda: words in said)
        web.statuses = [200]
        assert await start == {"": (address,)}


async def test_a_workload_that_is_deleted_meanwhile_is_there_no_more(tmp_path: Path) -> None:
    said = list[str]()
    async with reigning(town(), tmp_path) as realm:
        start = asyncio.get_running_loop().create_task(realm.runtime.start(APP, said.append))
        await realm.until(lambda: said)
        realm.server.remove(kinds.DEPLOYMENTS, "shop", "web")
        with pytest.raises(StartFailed, match="it is there no more"):
            await start


async def test_what_the_cluster_has_noted_down_is_read_when_no_pod_comes(tmp_path: Path) -> None:
    said = list[str]()
    async with reigning(town(), tmp_path) as realm:
        start = asyncio.get_running_loop().create_task(realm.runtime.start(APP, said.append))
        await realm.until(lambda: ("GET", kinds.EVENTS.path("shop")) in realm.server.asked)
        start.cancel()
        await asyncio.wait({start})
        assert start.cancelled()
