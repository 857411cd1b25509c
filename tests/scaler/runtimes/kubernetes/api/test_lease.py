"""What a candidate does with its reign. With a real API server, and processes that die: tests/cluster/api."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web

from scaler.runtimes.kubernetes.api import lease
from scaler.runtimes.kubernetes.api.access import Kubeconfig
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.election import Timing
from scaler.runtimes.kubernetes.api.kinds import LEASES
from scaler.runtimes.kubernetes.api.lease import Leadership, Reign
from tests.scaler.runtimes.kubernetes.api.lease_server import LeaseServer

QUICK = Timing(duration=2, renew=0.3, retry=0.1, give_up=1.5)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


@pytest.fixture
async def server() -> AsyncIterator[LeaseServer]:
    server = LeaseServer()
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    yield server
    server.over.set()
    await runner.cleanup()


class Somebody:
    """A candidate, and the reigns that it has had."""

    def __init__(self, cluster: Cluster, name: str, timing: Timing = QUICK) -> None:
        self.leadership = Leadership(cluster, "default", "one", name, timing=timing)
        self.reigns: list[Reign] = []
        self.ended = 0
        self.slow = 0.0
        """Seconds that it takes to come to an end."""

    async def lead(self, reign: Reign) -> None:
        self.reigns.append(reign)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(self.slow)
            self.ended += 1


async def test_who_leads_renews_and_whoever_comes_second_waits(server: LeaseServer, cluster: Cluster) -> None:
    one, two = Somebody(cluster, "one"), Somebody(cluster, "two")
    async with asyncio.TaskGroup() as group:
        first = group.create_task(one.leadership.run(one.lead))
        await until(lambda: one.reigns != [])
        second = group.create_task(two.leadership.run(two.lead))
        version = server.version
        await until(lambda: server.version >= version + 3)
        assert one.reigns[0].certain()
        assert one.leadership.reign is one.reigns[0]
        assert two.leadership.holder == "one"
        assert two.reigns == []
        first.cancel()
        await until(lambda: two.reigns != [])
        assert one.ended == 1
        assert (one.reigns[0].term, two.reigns[0].term) == (0, 1)
        second.cancel()
    assert server.holders == ["one", "", "two", ""]


async def test_the_lease_is_let_go_of_after_the_reign_has_ended_and_kept_until_then(
    server: LeaseServer, cluster: Cluster
) -> None:
    one = Somebody(cluster, "one")
    one.slow = QUICK.duration + 0.5
    async with asyncio.TaskGroup() as group:
        running = group.create_task(one.leadership.run(one.lead))
        await until(lambda: one.reigns != [])
        running.cancel()
        await until(lambda: one.ended == 1 or not one.reigns[0].certain())
        assert one.ended == 1
    assert server.holders == ["one", ""]


async def test_a_server_that_answers_nobody_ends_the_reign_in_time_and_it_begins_anew_afterwards(
    server: LeaseServer, cluster: Cluster
) -> None:
    one = Somebody(cluster, "one")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(one.leadership.run(one.lead))
        await until(lambda: one.reigns != [])
        server.silent = True
        await until(lambda: not one.reigns[0].certain())
        await until(lambda: one.ended == 1)
        await until(lambda: one.leadership.reign is None)
        server.silent = False
        await until(lambda: len(one.reigns) == 2)
        running.cancel()


async def test_a_renewal_that_took_counts_though_it_was_never_answered(
    server: LeaseServer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "WRITE", 0.2)
    timing = Timing(duration=4, renew=0.3, retry=0.1, give_up=3)
    one = Somebody(cluster, "one", timing)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(one.leadership.run(one.lead))
        await until(lambda: one.reigns != [])
        server.mute, version, began = True, server.version, time.monotonic()
        await until(lambda: time.monotonic() - began > 1.5 * timing.give_up)
        assert server.version > version + 3
        assert one.reigns[0].certain()
        assert one.ended == 0
        server.mute = False
        running.cancel()
    assert server.holders == ["one", ""]


async def test_a_lease_that_somebody_else_writes_to_is_still_ours_as_long_as_it_names_us(
    server: LeaseServer, cluster: Cluster
) -> None:
    one = Somebody(cluster, "one")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(one.leadership.run(one.lead))
        await until(lambda: one.reigns != [])
        for _ in range(20):
            server.write({"metadata": {"annotations": {"looked": "at"}}})
            await asyncio.sleep(0.1)
        assert one.reigns[0].certain()
        assert one.ended == 0
        running.cancel()


async def test_a_lease_that_names_somebody_else_is_lost_at_once(server: LeaseServer, cluster: Cluster) -> None:
    one = Somebody(cluster, "one")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(one.leadership.run(one.lead))
        await until(lambda: one.reigns != [])
        server.write({"spec": {"holderIdentity": "another"}})
        await until(lambda: one.ended == 1)
        assert one.leadership.holder == "another"
        running.cancel()
    assert server.holders == ["one", "another"]


async def test_work_that_is_done_ends_it_all(server: LeaseServer, cluster: Cluster) -> None:
    async def lead(_: Reign) -> None:
        pass

    await Leadership(cluster, "default", "one", "me", timing=QUICK).run(lead)
    assert server.holders == ["me", ""]


@pytest.mark.parametrize("wrong", [RuntimeError("oh"), TimeoutError("oh")])
async def test_work_that_goes_wrong_lets_go_of_the_lease_and_says_so(
    server: LeaseServer, cluster: Cluster, wrong: Exception
) -> None:
    async def lead(_: Reign) -> None:
        raise wrong

    with pytest.RaisesGroup(type(wrong), flatten_subgroups=True):
        await Leadership(cluster, "default", "one", "me", timing=QUICK).run(lead)
    assert server.holders == ["me", ""]


async def test_a_lease_that_makes_no_sense_is_waited_out(server: LeaseServer, tmp_path: Path) -> None:
    server.write({"spec": {"holderIdentity": "odd", "leaseDurationSeconds": -5, "leaseTransitions": "many"}})
    async with Cluster(Kubeconfig(server.kubeconfig(tmp_path / "odd"))) as cluster:
        one = Somebody(cluster, "one")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(one.leadership.run(one.lead))
            await until(lambda: one.reigns != [])
            running.cancel()


async def test_the_word_that_somebody_leaves_on_the_lease_is_known_and_ends_no_reign(
    server: LeaseServer, cluster: Cluster
) -> None:
    one, two = Somebody(cluster, "one"), Somebody(cluster, "two")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one.leadership.run(one.lead))]
        await until(lambda: one.reigns != [])
        tasks.append(group.create_task(two.leadership.run(two.lead)))
        body = {"metadata": {"annotations": {lease.STAY: "a while"}}}
        await cluster.patch(LEASES, "default", "one", body)
        await until(lambda: one.leadership.stay == two.leadership.stay == "a while")
        version = server.version
        await until(lambda: server.version > version)
        assert server.lease is not None
        assert server.lease["metadata"]["annotations"] == {lease.STAY: "a while"}
        assert (one.ended, two.reigns) == (0, [])
        for task in tasks:
            task.cancel()
