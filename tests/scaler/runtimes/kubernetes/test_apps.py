"""Apps as the cluster says, while somebody else works on them too."""

import time
from pathlib import Path

import pytest

from scaler.moments import rfc3339
from scaler.runtimes.kubernetes.api import kinds
from scaler.saved import Saved
from scaler.tally import Tally, read_tally
from tests.scaler.runtimes.kubernetes.cluster_objects import backend, deployment, ingress, path, rule, service
from tests.scaler.runtimes.kubernetes.pods.servers import Web
from tests.scaler.runtimes.kubernetes.realm import APP, reigning, town
from torpor.words import Phase

LONG_AGO = 1_767_225_600.0


async def test_apps_are_as_they_were_found(tmp_path: Path) -> None:
    server = town(last_access="2026-01-01T00:00:00Z")
    server.put(kinds.DEPLOYMENTS, deployment("other", replicas=0))
    async with reigning(server, tmp_path) as realm:
        assert realm.phase() is Phase.AWAKE
        assert realm.scaler.status("shop/other").phase is Phase.ASLEEP
        assert realm.scaler.status(APP).last_access == pytest.approx(LONG_AGO, abs=10.0)


async def test_somebody_else_may_scale_it_up_and_down(tmp_path: Path) -> None:
    web = Web()
    async with web.running() as address, reigning(town(address.port, replicas=0), tmp_path) as realm:
        realm.pod(address.port)
        realm.change(replicas=2)
        await realm.until_phase(Phase.AWAKE)
        assert "has scaled it to 2" in realm.scaler.status(APP).cause
        realm.change(replicas=0)
        await realm.until_phase(Phase.ASLEEP)
        assert "has scaled it to 0" in realm.scaler.status(APP).reason
        assert realm.counts() == []


async def test_our_own_writes_are_nobody_elses_doing(tmp_path: Path) -> None:
    web = Web()
    async with web.running() as address, reigning(town(address.port), tmp_path) as realm:
        realm.pod(address.port)
        await realm.scaler.sleep(APP)
        assert realm.phase() is Phase.ASLEEP
        realm.knock()
        await realm.until_phase(Phase.AWAKE)
        await realm.until(lambda: realm.phases() == ["asleep", "awake"])
        assert "GET /" in realm.scaler.status(APP).cause
        assert realm.counts() == [0, 1]


async def test_a_new_revision_with_a_count_is_remembered_and_put_back_to_sleep(tmp_path: Path) -> None:
    async with reigning(town(replicas=0), tmp_path) as realm:
        spec = deployment(labels={"app": "web", "revision": "2"})["spec"]
        realm.change(replicas=4, template=spec["template"])
        await realm.until(lambda: realm.counts() == [0])
        assert realm.workload()["metadata"]["annotations"]["torpor.dev/replicas"] == "4"
        assert realm.phase() is Phase.ASLEEP


async def test_apps_come_and_change_and_go_with_their_objects(tmp_path: Path) -> None:
    async with reigning(town(), tmp_path) as realm:
        realm.server.put(kinds.DEPLOYMENTS, deployment("other", replicas=0))
        realm.server.put(kinds.SERVICES, service("other"))
        await realm.until(lambda: "shop/other" in realm.scaler.apps)
        to_other = path(backend("other"), at="/other")
        realm.server.put(kinds.INGRESSES, ingress(rules=[rule("web.example", path(), to_other)]))
        await realm.until(lambda: realm.scaler.status("shop/other").hosts == ("web.example/other",))
        realm.server.remove(kinds.DEPLOYMENTS, "shop", "other")
        await realm.until(lambda: "shop/other" not in realm.scaler.apps)
        assert realm.counts() == []


async def test_pods_that_come_and_go_change_where_it_answers(tmp_path: Path) -> None:
    web, more = Web(), Web()
    async with web.running() as first, more.running() as second, reigning(town(first.port), tmp_path) as realm:
        realm.pod(first.port)
        await realm.until(lambda: realm.scaler.apps[APP].addresses == {"": (first,)})
        realm.pod(second.port, "web-2")
        await realm.until(lambda: set(realm.scaler.apps[APP].addresses[""]) == {first, second})
        realm.server.remove(kinds.PODS, "shop", "web-1")
        await realm.until(lambda: realm.scaler.apps[APP].addresses == {"": (second,)})


async def test_in_shadow_mode_a_new_revision_with_a_count_is_let_up(tmp_path: Path) -> None:
    web = Web()
    async with web.running() as address, reigning(town(address.port, replicas=0, mode="shadow"), tmp_path) as realm:
        realm.pod(address.port)
        spec = deployment(labels={"app": "web", "revision": "2"})["spec"]
        realm.change(replicas=4, template=spec["template"])
        await realm.until_phase(Phase.AWAKE)
        assert "a new revision was deployed, and it is in shadow mode" in realm.scaler.status(APP).cause
        assert realm.counts() == []


async def test_what_its_sleeps_have_saved_is_read_and_goes_on(tmp_path: Path) -> None:
    now = time.time()
    saved = Tally(Saved(1000, 0, 0), now - 10_000)
    remembered = {"phase": "asleep", "saved": saved.written(), "asleep_since": rfc3339(now - 500) or ""}
    async with reigning(town(replicas=0, remembered="2", **remembered), tmp_path) as realm:
        total = realm.scaler.savings.total(APP)
        assert total.saved.seconds == pytest.approx(1500, abs=60)
        assert total.since == pytest.approx(saved.since, abs=1)


async def test_since_when_it_sleeps_counts_only_while_it_does(tmp_path: Path) -> None:
    long_ago = {"phase": "asleep", "asleep_since": "2026-01-01T00:00:00Z"}
    async with reigning(town(replicas=1, **long_ago), tmp_path) as realm:
        assert realm.scaler.savings.total(APP).saved == Saved()


async def test_a_sleep_and_its_end_are_written_with_what_is_written_anyway(tmp_path: Path) -> None:
    web = Web()
    async with web.running() as address, reigning(town(address.port), tmp_path) as realm:
        realm.pod(address.port)
        await realm.scaler.sleep(APP)
        asleep = realm.workload()["metadata"]["annotations"]
        assert read_tally(asleep["torpor.dev/saved"]) is not None
        assert "torpor.dev/asleep-since" in asleep
        realm.knock()
        await realm.until(lambda: realm.phases() == ["asleep", "awake"])
        awake = realm.workload()["metadata"]["annotations"]
        assert "torpor.dev/asleep-since" not in awake
        assert read_tally(awake["torpor.dev/saved"]) is not None
