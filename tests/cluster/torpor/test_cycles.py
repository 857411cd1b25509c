"""Sleep and wake, again and again, under visitors who must not lose a request."""

import concurrent.futures
import json
import statistics
import time

import pytest

from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor import many
from tests.cluster.torpor.looping import Looping
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.running import SOON, Running, Start

REPLICAS = 3
SLOW = {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 10}
"""A readiness probe that the kubelet makes every 10 s: whoever waits for Ready waits for up to that."""


def cycles(namespace: Space, running: Running, count: int) -> None:
    """Sleeps between visits from both proxies; each time all replicas come back, and no request is lost."""
    running.wait_phase("web", "awake")
    for by in range(2):
        until(lambda by=by: running.visit("web.test", by=by)[0] == 200, SOON, "a visit")  # type: ignore[misc]
    with Looping(running, "web.test", by=0, pause=0.2) as one, Looping(running, "web.test", by=1, pause=0.2) as two:
        done = called_off = 0
        while done < count:
            status, found = running.api("POST", f"/v1/apps/{namespace.name}/web/sleep")
            assert status in (200, 409, 503), found
            if status != 200:  # a visit called it off, or nobody leads just now
                called_off += 1
                time.sleep(0.1)
                continue
            done += 1
            running.wait_phase("web", "awake")
            assert namespace.replicas("web") == REPLICAS
        until(lambda: len(namespace.ready("web")) == REPLICAS, SOON, "all pods")
    assert (one.failures, two.failures) == ([], [])
    assert one.count + two.count > count
    longest = max(one.longest, two.longest)
    print(f"{count} cycles, {called_off} called off, {one.count + two.count} visits, longest {longest:.1f} s")  # noqa: T201


def test_no_request_is_lost_between_sleeps_and_wakes_under_two_proxies(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=REPLICAS, environment={"TERM_DELAY_MS": 500}))
    with torpor(proxies=2) as running:
        cycles(namespace, running, 3)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_request_is_lost_in_200_cycles(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=REPLICAS, environment={"TERM_DELAY_MS": 500}))
    with torpor(proxies=2) as running:
        cycles(namespace, running, 200)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_fifty_wakes_in_a_row_and_ten_at_once_are_answered_soon_after_the_app_listens(
    namespace: Space, torpor: Start
) -> None:
    names = [f"web-{at}" for at in range(10)]
    for name in names:
        namespace.apply(*app(name, probe=SLOW, environment={"START_DELAY_MS": 700}))
    with torpor() as running:
        running.wait_phase("web-0", "asleep")

        def wake(name: str) -> float:
            status, _, body = running.visit(f"{name}.test")
            assert status == 200
            return time.time() - float(json.loads(body)["listened"])

        def sleep(name: str) -> None:
            running.sleep(name)
            until(lambda: not namespace.all("pods", labelSelector=f"app={name}"), SOON, "the pods' end")

        in_a_row = []
        for _ in range(50):
            in_a_row.append(wake("web-0"))
            sleep("web-0")
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            at_once = list(pool.map(wake, names))
    for what, seconds in (("in a row", in_a_row), ("at once", at_once)):
        found = sorted(1000 * each for each in seconds)
        print(f"{what}: p50 {statistics.median(found):.0f} ms, longest {found[-1]:.0f} ms of {len(found)}")  # noqa: T201
    assert statistics.median(in_a_row) < 0.1


def test_what_is_written_grows_with_transitions_and_not_with_visits_or_time(
    breakable: Cluster, namespace: Space, torpor: Start
) -> None:
    namespace.apply(*app("web", replicas=1))
    until(lambda: namespace.ready("web"), SOON, "a pod")
    sleep = {"deployments": 1, "deployments/scale": 1, "events": 1}
    cycle = {"deployments": 2, "deployments/scale": 2, "events": 2}
    with torpor() as running:

        def written(since: int) -> dict[str, int]:
            found: dict[str, int] = {}
            for call in breakable.audit.writes(since=since, user=running.user):
                # One that is refused, because the status has moved meanwhile, is tried again.
                if call.resource not in many.ASIDE and call.status < 400:
                    found[call.resource] = found.get(call.resource, 0) + 1
            return found

        def until_written(since: int, wanted: dict[str, int]) -> None:
            """Events are written behind what happens, and the log lags behind an answer."""
            until(lambda: written(since) == wanted, SOON, lambda: str(written(since)))

        running.wait_phase("web", "awake")
        assert running.until_visit("web.test", 200)
        begun = breakable.audit.mark()
        running.sleep("web")  # this waits until the scaler has settled
        assert running.visit("web.test")[0] == 200
        until_written(begun, cycle)
        mark = breakable.audit.mark()

        with Looping(running, "web.test", pause=0.0) as loop:
            until(lambda: loop.count >= 200, 60.0, "visits")
        assert loop.failures == []
        assert written(mark) == {}

        running.sleep("web")
        until_written(mark, sleep)

        assert running.visit("web.test")[0] == 200
        until_written(mark, cycle)
        assert running.visit("web.test")[0] == 200
        assert written(mark) == cycle
