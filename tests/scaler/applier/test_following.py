"""What was applied is followed until it is rolled out, fails, or the time is up; or it is woken first."""

import asyncio
from pathlib import Path
from typing import Any

from scaler.runtimes.kubernetes.api import kinds
from tests.scaler.applier.conftest import House, applying
from tests.scaler.runtimes.kubernetes.pods.servers import Web
from tests.scaler.runtimes.kubernetes.realm import APP, pod_of, town
from torpor.words import Phase

WEB = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
"""


def rolled_out(house: House, **status: Any) -> None:
    """What the cluster's controller would say."""
    now = house.realm.workload()
    told = {"observedGeneration": 1_000, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1} | status
    house.server.put(kinds.DEPLOYMENTS, now | {"status": told})


async def test_it_is_told_until_it_is_rolled_out(tmp_path: Path) -> None:
    async with applying(tmp_path, town(replicas=1)) as house, asyncio.TaskGroup() as group:
        applying_it = group.create_task(house.apply(WEB, wait=50.0))
        await house.realm.until(lambda: "shop/web: waiting for the cluster to look at it" in house.said)
        rolled_out(house, availableReplicas=0)
        await house.realm.until(lambda: "shop/web: 0 of 1 pods are available" in house.said)
        rolled_out(house)
        report = await applying_it
        assert report.failure == ""
        assert report.apps[0].done


async def test_its_time_is_bounded(tmp_path: Path) -> None:
    async with applying(tmp_path, town(replicas=1)) as house:
        report = await house.apply(WEB, wait=0.3)
        assert report.failure == (
            "applied, but not rolled out: shop/web: not rolled out within 0.3s: waiting for the cluster to look at it"
        )


async def test_what_sleeps_is_not_waited_for_and_not_woken(tmp_path: Path) -> None:
    async with applying(tmp_path, town(replicas=0, remembered="2", phase="asleep")) as house:
        report = await house.apply(WEB, wait=50.0)
        assert (report.failure, report.apps[0].asleep, report.objects[0].outcome) == ("", True, "changed")
        assert house.realm.workload()["metadata"]["annotations"]["torpor.dev/replicas"] == "1"
        assert house.realm.phase() is Phase.ASLEEP
        assert house.realm.counts() == []


async def test_it_is_woken_by_what_was_applied_where_that_is_asked_for(tmp_path: Path) -> None:
    web = Web()
    async with web.running() as address:
        server = town(address.port, replicas=0, remembered="3", phase="asleep")
        async with applying(tmp_path, server) as house, asyncio.TaskGroup() as group:
            waking = group.create_task(house.apply(WEB, wake=True))
            await house.realm.until(house.realm.counts)
            assert house.realm.counts() == [1], "the count of the manifest, not the one from before"
            server.put(kinds.PODS, pod_of(address.port))
            rolled_out(house)
            report = await waking
            assert report.failure == ""
            assert house.realm.phase() is Phase.AWAKE


async def test_a_wake_that_fails_is_the_end_with_its_reason_and_a_better_deploy_ends_that(tmp_path: Path) -> None:
    web = Web()
    async with web.running() as address:
        server = town(address.port, replicas=0, remembered="1", phase="asleep")
        async with applying(tmp_path, server) as house, asyncio.TaskGroup() as group:
            waking = group.create_task(house.apply(WEB, wake=True))
            await house.realm.until(house.realm.counts)
            server.put(kinds.PODS, broken_pod())
            report = await waking
            assert f"{APP}: it did not wake: ImagePullBackOff" in report.failure
            assert house.realm.phase() is Phase.FAILED

            server.put(kinds.PODS, pod_of(address.port))
            rolled_out(house)
            report = await house.apply(WEB, wake=True)
            assert (report.failure, house.realm.phase()) == ("", Phase.AWAKE)


async def test_new_pods_that_cannot_start_end_it_and_old_ones_do_not(tmp_path: Path) -> None:
    async with applying(tmp_path, town(replicas=1)) as house, asyncio.TaskGroup() as group:
        house.server.put(kinds.PODS, broken_pod("old"))
        await house.realm.until(lambda: house.realm.picture.pods(APP))
        following = group.create_task(house.apply(WEB, wait=50.0))
        await house.realm.until(lambda: house.said[1:])
        assert not following.done()
        house.server.put(kinds.PODS, broken_pod("new"))
        assert "ImagePullBackOff" in (await following).failure


def broken_pod(name: str = "web-1") -> dict[str, Any]:
    """One whose image cannot be pulled."""
    pod = pod_of(80, name)
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "there is no such image"}}
    return pod | {"status": {"phase": "Pending", "containerStatuses": [{"name": "main", "state": waiting}]}}
