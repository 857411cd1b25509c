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
        until(lambda: not namespace.pods("other"), SOON, "no pods")
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
        until(lambda: not namespace.pods("sleeper"), SOON, "no pods")
        with Looping(running, "sleeper.test", times=1) as waiting:
            with without(breakable, "apiserver"):
                time.sleep(25.0)  # longer than the lease and than the idle timeout: what must not happen has its chance
                assert (waiting.count, waiting.failures) == (0, [])
                assert running.visit("web.test")[0] == 200
            assert namespace.replicas("web") == 1
        # The cluster's own parts may take longer than the wake's minute to find the API server again: then it is said.
        assert all(": 502 " in told or ": 503 " in told for told in waiting.failures)
        assert waiting.count + len(waiting.failures) == 1


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


def test_proxies_that_die_or_go_leave_the_others_visitors_alone(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=1))
    with torpor(proxies=2) as running:
        running.wait_phase("web", "awake")
        for by in range(2):
            until(lambda by=by: running.visit("web.test", by=by)[0] == 200, SOON, "a visit")  # type: ignore[misc]
        with Looping(running, "web.test", by=1) as loop:
            running.proxies[0].kill()
            until(lambda: running.info()["proxies"] == 1, LATER, "one proxy less")
            until(lambda: loop.count >= VISITS, LATER, "visits")
        assert loop.failures == []
        # One that may still be forwarding keeps everybody awake until its lease has run out.
        until(lambda: running.api("POST", f"/v1/apps/{namespace.name}/web/sleep")[0] == 200, LATER, "a sleep")


def test_a_visit_in_flight_at_one_proxy_keeps_the_app_awake_for_all(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=1, annotations={"idle-timeout": "1s"}))
    with torpor(proxies=2) as running:
        running.wait_phase("web", "awake")
        running.until_visit("web.test", 200)
        with Looping(running, "web.test", path="/slow?ms=12000", times=1, by=1) as slow:
            until(lambda: running.app("web")["in_flight"] == 1, SOON, "the visit")
            status, found = running.api("POST", f"/v1/apps/{namespace.name}/web/sleep")
            assert status == 409, found
            until(lambda: slow.count or slow.failures, SOON, "its end")
        assert slow.failures == []
        running.wait_phase("web", "asleep", LATER)
