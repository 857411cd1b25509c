"""Parts of the cluster die while visitors come: awake apps are served, nobody is put to sleep, who waits is told."""

import contextlib
import json
import time
from collections.abc import Iterator

import pytest

from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.looping import Looping
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.running import SOON, Start
from torpor import link

LATER = 90.0
"""Seconds for a cluster that has to find itself again."""
VISITS = 40


@contextlib.contextmanager
def without(cluster: Cluster, part: str) -> Iterator[None]:
    """A part is away for the length of the block."""
    cluster.part(part).kill()  # an API server that is told to stop waits for its watches
    try:
        yield
    finally:
        cluster.part(part).start()
        until(cluster.answers, LATER, "the API server")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", ["apiserver", "etcd", "controller-manager", "kubelet"])
def test_a_part_that_is_killed_is_nothing_to_an_awake_apps_visitors(
    breakable: Cluster, namespace: Space, torpor: Start, part: str
) -> None:
    namespace.apply(*app("web", replicas=1), *app("other", replicas=1))
    with torpor() as running:
        for name in ("web", "other"):
            running.wait_phase(name, "awake")
            assert running.until_visit(f"{name}.test", 200)
        running.sleep("other")
        until(lambda: namespace.gone("other"), SOON, "no pods")
        with Looping(running, "web.test") as loop:
            breakable.part(part).kill()
            until(lambda: loop.count >= VISITS, LATER, "visits without it")
            breakable.part(part).start()
            until(breakable.answers, LATER, "the API server")
            before = loop.count
            until(lambda: loop.count >= before + VISITS, LATER, "visits after it")
        assert loop.failures == []
        until(lambda: running.visit("other.test")[0] == 200, LATER, "a wake after it")
        running.wait_phase("web", "awake", LATER)
        assert namespace.replicas("web") == 1


@pytest.mark.soak  # some two minutes
@pytest.mark.timeout(600)
def test_while_the_api_server_is_away_nobody_is_put_to_sleep_and_a_visit_to_a_sleeping_app_waits(
    breakable: Cluster, namespace: Space, torpor: Start
) -> None:
    namespace.apply(*app("web", replicas=1, annotations={"idle-timeout": "20s"}), *app("sleeper", replicas=1))
    with torpor() as running:
        running.wait_phase("web", "awake")
        running.wait_phase("sleeper", "awake")
        assert running.until_visit("web.test", 200)
        running.sleep("sleeper")
        until(lambda: namespace.gone("sleeper"), SOON, "no pods")
        with Looping(running, "sleeper.test", times=1) as waiting:
            with without(breakable, "apiserver"):
                time.sleep(25.0)  # longer than the lease and than the idle timeout: what must not happen has its chance
                assert (waiting.count, waiting.failures) == (0, [])
                assert running.visit("web.test")[0] == 200
            assert namespace.replicas("web") == 1
        # The cluster's own parts may take longer than the wake's minute to find the API server again: then it is said.
        assert all(": 502 " in told or ": 503 " in told for told in waiting.failures)
        assert waiting.count + len(waiting.failures) == 1


@pytest.mark.soak  # some three minutes
@pytest.mark.timeout(900)
def test_a_minute_without_the_api_server_is_nothing_to_who_visits_awake_apps_and_who_waits_is_answered_or_told(
    breakable: Cluster, namespace: Space, torpor: Start
) -> None:
    namespace.apply(
        *app("web", replicas=2, annotations={"idle-timeout": "20s"}),
        *app("idle", replicas=1, annotations={"idle-timeout": "20s"}),
        *app("patient", replicas=1, annotations={"wake-timeout": "170s"}),
        *app("brief", replicas=1, annotations={"wake-timeout": "10s"}),
    )
    with torpor(scalers=2, proxies=2) as running:
        for name in ("web", "idle", "patient", "brief"):
            running.until_visit(f"{name}.test", 200)
        with Looping(running, "web.test") as loop, Looping(running, "web.test", by=1) as other:
            for name in ("patient", "brief"):
                running.wait_phase(name, "awake")
                running.sleep(name)
                until(lambda name=name: namespace.gone(name), SOON, "no pods")  # type: ignore[misc]
            began = time.monotonic()
            running.until_visit("idle.test", 200)
            mark = breakable.audit.mark()
            with Looping(running, "patient.test", times=1) as waiting:
                with without(breakable, "apiserver"):
                    until(lambda: not breakable.answers(), SOON, "no API server")
                    status, headers, body = running.visit("brief.test", headers={"Accept": "application/json"}, by=1)
                    time.sleep(max(0.0, began + 60.0 - time.monotonic()))
                    assert (waiting.count, waiting.failures) == (0, [])
                until(lambda: waiting.count or waiting.failures, LATER, "the answer to the one that waits")
            running.wait_phase("idle", "asleep", LATER)
            before = loop.count
            until(lambda: loop.count >= before + VISITS, LATER, "visits")
            writes = breakable.audit.writes(since=mark, user=running.user, namespace=namespace.name)
            assert {one.name for one in writes if one.resource == "deployments/scale"} <= {"patient", "idle", "brief"}
        assert (loop.failures, other.failures) == ([], [])
        assert all(
            ": 502 " in told or ": 503 " in told for told in waiting.failures
        )  # the node may look lost for a while
        assert status == 503
        assert int(headers["Retry-After"]) >= 1
        assert json.loads(body)["detail"]


@pytest.mark.timeout(300)
def test_a_visit_that_waits_for_too_long_is_told_why(breakable: Cluster, namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=1, annotations={"wake-timeout": "6s"}))
    with torpor() as running:
        running.wait_phase("web", "awake")
        running.sleep("web")
        with without(breakable, "apiserver"):
            status, headers, body = running.visit("web.test", headers={"Accept": "application/json"})

        assert status == 503
        assert int(headers["Retry-After"]) >= 1
        assert json.loads(body)["detail"]


@pytest.mark.timeout(300)
def test_while_a_proxys_process_is_killed_its_haproxy_serves_who_is_awake_and_nobody_is_put_to_sleep(
    namespace: Space, torpor: Start
) -> None:
    namespace.apply(*app("web", replicas=1), *app("busy", replicas=1, annotations={"idle-timeout": "8s"}))
    with torpor(proxies=2) as running:
        for name in ("web", "busy"):
            running.until_visit(f"{name}.test", 200)
            running.until_visit(f"{name}.test", 200, by=1)
        with (
            Looping(running, "busy.test") as busy,
            Looping(running, "web.test") as loop,
            Looping(running, "web.test", by=1) as other,
        ):
            until(lambda: len(running.proxies[0].lane()) == 2, SOON, "its fast lane")
            running.proxies[0].kill()
            until(lambda: running.info().get("proxies") == 1, LATER, "one proxy less")
            time.sleep(link.LEASE + 5.0)  # a lease, and more than the idle timeout: only that HAProxy is visited
            before = (busy.count, loop.count)
            assert running.app("busy")["phase"] == "awake"
            running.start_proxy_at(0)
            running.wait_linked()
            until(lambda: busy.count >= before[0] + VISITS and loop.count >= before[1] + VISITS, LATER, "visits")
            assert namespace.replicas("busy") == 1
        assert (busy.failures, loop.failures, other.failures) == ([], [], [])
        # Now that one has come in its place, who is not visited may sleep.
        running.wait_phase("busy", "asleep", LATER)


def test_a_visit_in_flight_at_one_proxy_keeps_the_app_awake_for_all(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=1, annotations={"idle-timeout": "1s"}))
    with torpor(proxies=2) as running:
        running.until_visit("web.test", 200)
        with Looping(running, "web.test", path="/slow?ms=20000", times=1, by=1) as slow:
            until(lambda: running.app("web").get("in_flight") == 1, SOON, "the visit")
            status, found = running.api("POST", f"/v1/apps/{namespace.name}/web/sleep")
            assert status == 409, found
            until(lambda: slow.count or slow.failures, SOON, "its end")
        assert slow.failures == []
        running.wait_phase("web", "asleep", LATER)
