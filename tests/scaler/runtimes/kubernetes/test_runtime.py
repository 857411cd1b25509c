"""The runtime of a cluster over a small API server: what it writes, and what it makes of what is there."""

import time
from pathlib import Path

import pytest

from scaler.moments import parse_moment
from scaler.runtime import StartFailed, StopRefused
from scaler.runtimes.kubernetes.api import kinds
from scaler.saved import Saved
from scaler.tally import Tally
from tests.scaler.runtimes.kubernetes.cluster_objects import meta
from tests.scaler.runtimes.kubernetes.pods.servers import Web
from tests.scaler.runtimes.kubernetes.realm import APP, SCALE, WEB, reigning, town


def quiet(_: str) -> None:
    """Nobody listens."""


async def test_a_start_gives_back_the_count_by_one_write_and_waits_until_a_pod_answers(tmp_path: Path) -> None:
    web, said = Web([503, 503, 200]), list[str]()
    async with web.running() as address, reigning(town(address.port, replicas=0, remembered="3"), tmp_path) as realm:
        realm.pod(address.port)
        assert await realm.runtime.start(APP, said.append) == {"": (address,)}
        assert realm.server.written == [(SCALE, {"spec": {"replicas": 3}})]
        assert said[0] == "scaling to 3"
        assert len(web.asked) == 3


async def test_a_wake_that_is_faster_than_the_news_of_the_sleep_gives_back_the_count_of_that_sleep(
    tmp_path: Path,
) -> None:
    web = Web()
    async with web.running() as address, reigning(town(address.port, replicas=3, remembered="2"), tmp_path) as realm:
        realm.pod(address.port)
        with realm.server.hushed():
            await realm.runtime.stop(APP, last_access=None)
            await realm.runtime.start(APP, quiet)
        assert realm.counts() == [0, 3]


async def test_a_count_is_given_back_within_the_bounds_of_an_autoscaler(tmp_path: Path) -> None:
    web = Web()
    async with web.running() as address:
        server = town(address.port, replicas=0, remembered="9")
        spec = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 2,
            "maxReplicas": 4,
        }
        server.put(kinds.AUTOSCALERS, {"metadata": meta("web"), "spec": spec})
        async with reigning(server, tmp_path) as realm:
            realm.pod(address.port)
            await realm.runtime.start(APP, quiet)
            assert realm.counts() == [4]


async def test_what_is_up_already_is_only_waited_for(tmp_path: Path) -> None:
    web = Web()
    async with web.running() as address, reigning(town(address.port), tmp_path) as realm:
        realm.pod(address.port)
        assert await realm.runtime.start(APP, quiet) == {"": (address,)}
        assert realm.server.written == []


async def test_a_stop_remembers_the_count_and_the_last_access_and_then_scales_to_nothing(tmp_path: Path) -> None:
    async with reigning(town(replicas=2), tmp_path) as realm:
        saved = Tally(Saved(60, 30, 600), 1_700_000_000.0)
        await realm.runtime.stop(APP, last_access=1_800_000_000.0, saved=saved)
        (first, memory), (second, count) = realm.server.written
        assert (first, second, count["spec"]) == (WEB, SCALE, {"replicas": 0})
        asleep_since = parse_moment(memory["metadata"]["annotations"].pop("torpor.dev/asleep-since"))
        assert asleep_since is not None
        assert abs(time.time() - asleep_since) < 60
        assert memory["metadata"]["annotations"] == {
            "torpor.dev/saved": saved.written(),
            "torpor.dev/replicas": "2",
            "torpor.dev/last-access": "2027-01-15T08:00:00.000Z",
            "torpor.dev/phase": "asleep",
        }
        await realm.until(lambda: not realm.runtime.replicas(APP))


async def test_what_sleeps_is_not_stopped_and_what_is_gone_is_nobodys_business(tmp_path: Path) -> None:
    async with reigning(town(replicas=0), tmp_path) as realm:
        await realm.runtime.stop(APP, last_access=None)
        await realm.runtime.stop("shop/nobody", last_access=None)
        assert realm.server.written == []


async def test_a_stop_that_the_cluster_refuses_is_refused_in_its_words(tmp_path: Path) -> None:
    server = town()
    server.refusals["PATCH", WEB] = 403, "hands off"
    async with reigning(server, tmp_path) as realm:
        with pytest.raises(StopRefused, match="the cluster says: hands off"):
            await realm.runtime.stop(APP, last_access=None)
        assert realm.runtime.replicas(APP) == 1


async def test_a_stop_of_what_was_deleted_meanwhile_is_done(tmp_path: Path) -> None:
    server = town()
    server.refusals["PATCH", WEB] = 404, "deleted"
    async with reigning(server, tmp_path) as realm:
        await realm.runtime.stop(APP, last_access=None)


async def test_a_start_of_what_is_not_there_or_may_not_be_scaled_fails_in_words(tmp_path: Path) -> None:
    server = town(replicas=0)
    server.refusals["PATCH", SCALE] = 403, "hands off"
    async with reigning(server, tmp_path) as realm:
        with pytest.raises(StartFailed, match="the cluster says: hands off"):
            await realm.runtime.start(APP, quiet)
        with pytest.raises(StartFailed, match="it is there no more"):
            await realm.runtime.start("shop/nobody", quiet)
