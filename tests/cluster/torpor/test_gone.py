"""The API server has forgotten what a watch would go on from (410 Gone): all is read anew, visitors notice nothing."""

import http.client
import json
import re
import time
from typing import Any

import pytest

from tests.cluster.rig.api import path
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.looping import Looping
from tests.cluster.torpor.manifests import app, ingress
from tests.cluster.torpor.running import SOON, Running, Start
from tests.cluster.torpor.test_leading import leader, linked

LATER = 120.0
"""Seconds for a cluster that has to find itself again."""
VISITS = 40
ETCD = ("127.0.0.1", 2379)
IDLE = 15.0
"""Seconds: less than a scaler stands still for, and more than a visitor does on a busy machine."""
BRIEF = {"metadata": {"annotations": {"torpor.dev/idle-timeout": f"{IDLE:g}s"}}}
GONE = re.compile(r"watching (\S+): .*\(410 ")


def etcd(cluster: Cluster, what: str, **said: Any) -> Any:
    """A question to etcd, by its gateway for those who speak JSON."""
    connection = http.client.HTTPConnection(*ETCD)
    connection.sock = cluster.network.connect(ETCD, SOON)
    try:
        connection.request("POST", f"/v3/{what}", json.dumps(said), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return json.loads(body)
    finally:
        connection.close()


def forget(cluster: Cluster) -> None:
    """Etcd and the API server, which has a memory of its own, know what there is, and not what was before."""
    etcd(cluster, "kv/compaction", revision=etcd(cluster, "maintenance/status")["header"]["revision"])
    restart(cluster)


def restart(cluster: Cluster) -> None:
    """Another API server; who stands still is not told by the one before what happens from now on."""
    cluster.part("apiserver").kill()
    cluster.part("apiserver").start()
    until(cluster.answers, LATER, "the API server")


def change(namespace: Space, turn: int) -> None:
    """An app comes, one goes, one gets another pod and another route, and one is scaled up by hand."""
    namespace.apply(*app(f"new-{turn}", replicas=1), ingress("moved", f"moved-{turn}.test"))
    for plural in ("deployments", "services", "ingresses"):
        namespace.cluster.api.delete(path(plural, namespace.name, f"gone-{turn}"))
    old = namespace.pods("moved")[0]["metadata"]["name"]
    namespace.cluster.api.delete(path("pods", namespace.name, old))
    namespace.scale("sleeper", 1)
    for name in ("moved", f"new-{turn}", "sleeper"):
        until(lambda name=name: namespace.ready(name), LATER, f"a pod of {name}")  # type: ignore[misc]


def told(running: Running, since: list[int]) -> bool:
    """Whether every scaler has been told since then that what it asked for is gone."""
    kinds = [GONE.findall(scaler.said()[at:]) for scaler, at in zip(running.scalers, since, strict=True)]
    return all(
        {"deployments", "services", "ingresses", "pods"} <= {kind.partition(".")[0] for kind in each} for each in kinds
    )


def until_right(running: Running, turn: int) -> None:
    """All of that is known."""
    running.until_visit(f"new-{turn}.test", 200, within=LATER)
    running.until_visit(f"moved-{turn}.test", 200, within=LATER)
    running.until_visit(f"gone-{turn}.test", 404, within=LATER)
    running.until_visit("moved.test", 404, within=LATER)
    running.wait_phase("sleeper", "awake", LATER)


def begin(running: Running, *names: str) -> None:
    for name in names:
        running.wait_phase(name, "awake")
        running.until_visit(f"{name}.test", 200)


@pytest.mark.timeout(300)
def test_what_changed_while_a_scaler_stood_still_is_known_although_its_watches_are_gone(
    breakable: Cluster, namespace: Space, torpor: Start
) -> None:
    names = ("moved", "sleeper", "gone-0")
    namespace.apply(*app("web", replicas=1))
    namespace.apply(*(each for name in names for each in app(name, replicas=1)))
    with torpor() as running:
        begin(running, "web")
        with Looping(running, "web.test") as loop:
            namespace.patch("deployments", "web", BRIEF)
            begin(running, *names)
            running.sleep("sleeper")
            since = [len(scaler.said()) for scaler in running.scalers]
            with running.scalers[0].frozen():
                began = time.monotonic()
                restart(breakable)
                change(namespace, 0)
                forget(breakable)
                until(lambda: time.monotonic() > began + IDLE, LATER, "what must not happen to have its chance")
            until(lambda: told(running, since), LATER, running.scalers[0].said)
            until_right(running, 0)
            before = loop.count
            until(lambda: loop.count >= before + VISITS, LATER, "visits")
            assert loop.failures == []
            assert scaled(breakable, running) == ["sleeper"]


@pytest.mark.soak  # some three minutes
@pytest.mark.timeout(900)
def test_the_same_again_and_again_with_a_standby_that_leads_in_the_end(
    breakable: Cluster, namespace: Space, torpor: Start
) -> None:
    turns = 4
    names = ("moved", "sleeper", *(f"gone-{turn}" for turn in range(turns)))
    namespace.apply(*app("web", replicas=2))
    namespace.apply(*(each for name in names for each in app(name, replicas=1)))
    with torpor(scalers=2, proxies=2) as running:
        begin(running, "web")
        with Looping(running, "web.test") as loop, Looping(running, "web.test", by=1) as other:
            namespace.patch("deployments", "web", BRIEF)
            begin(running, *names)
            for turn in range(turns):
                running.sleep("sleeper")
                since = [len(scaler.said()) for scaler in running.scalers]
                with running.scalers[0].frozen(), running.scalers[1].frozen():
                    restart(breakable)
                    change(namespace, turn)
                    forget(breakable)
                until(lambda since=since: told(running, since), LATER, running.scalers[0].said)  # type: ignore[misc]
                until_right(running, turn)
            leads = leader(running, namespace)
            running.scalers[leads].kill()
            until(lambda: linked(running, 1 - leads, proxies=2), LATER, "both proxies at the other one")
            until_right(running, turns - 1)
            before = loop.count
            until(lambda: loop.count >= before + VISITS, LATER, "visits")
            assert (loop.failures, other.failures) == ([], [])
            assert scaled(breakable, running) == ["sleeper"] * turns


def scaled(cluster: Cluster, running: Running) -> list[str]:
    """Whom Torpor has put to sleep or woken. A write that is refused, because a status has moved, is made again."""
    calls = cluster.audit.calls(user=running.user, resource="deployments/scale", namespace=running.space.name)
    return [call.name for call in calls if call.writes and call.status < 400]
