"""One of several scalers leads; when it goes, another takes over, and visitors do not notice."""

import time

from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.looping import Looping
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.running import SOON, Running, Start

LATER = 120.0
"""Seconds for a scaler to start, to lead and to wake an app."""
LATE = 30.0
"""Seconds without a leader, at the most; on a machine of its own it is six, and less than one where one lets go."""


def leader(running: Running, namespace: Space) -> int:
    """Which of the scalers leads, by the Lease."""
    lease = namespace.cluster.api.get(f"/apis/coordination.k8s.io/v1/namespaces/{namespace.name}/leases/torpor-scaler")
    where = str(lease["spec"].get("holderIdentity", "")).rpartition("@")[2]
    return next((at for at, one in enumerate(running.scalers) if "{}:{}".format(*one.address) == where), -1)


def linked(running: Running, of: int, proxies: int = 1) -> bool:
    status, found = running.api("GET", "/v1/info", of=of)
    return status == 200 and found["leader"] and found["proxies"] == proxies


def test_a_standby_takes_over_from_a_leader_that_is_killed_and_at_once_from_one_that_goes(
    namespace: Space, torpor: Start
) -> None:
    namespace.apply(*app("web", replicas=1))
    with torpor(scalers=3) as running:
        running.wait_phase("web", "awake")
        assert running.until_visit("web.test", 200)
        with Looping(running, "web.test") as loop:
            first = leader(running, namespace)
            began = time.monotonic()
            running.scalers[first].kill()
            until(lambda: leader(running, namespace) not in (first, -1), SOON, "another leader")
            second = leader(running, namespace)
            until(lambda: linked(running, second), SOON, "the proxy's link")
            after_kill = time.monotonic() - began

            began = time.monotonic()
            running.scalers[second].stop()
            until(lambda: leader(running, namespace) not in (first, second, -1), SOON, "another leader")
            after_stop = time.monotonic() - began
            third = leader(running, namespace)
            until(lambda: linked(running, third), SOON, "the proxy's link")
        assert loop.failures == []
        assert after_kill < LATE
        assert after_stop < LATE
        assert "is let go of" in running.scalers[second].said()
        assert running.api("GET", f"/v1/apps/{namespace.name}/web", of=third)[1]["phase"] == "awake"


def test_every_scaler_answers_for_the_one_that_leads(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=1))
    with torpor(scalers=2) as running:
        running.wait_phase("web", "awake")
        for at in range(2):
            until(lambda at=at: running.api("GET", "/v1/info", of=at)[0] == 200, SOON, "it to know who leads")  # type: ignore[misc]
            status, found = running.api("GET", f"/v1/apps/{namespace.name}/web", of=at)
            assert (status, found["phase"]) == (200, "awake")
            assert running.api("GET", "/v1/info", of=at)[1]["leader"] is True
        standby = 1 - leader(running, namespace)
        running.sleep("web")
        status, found = running.api("POST", f"/v1/apps/{namespace.name}/web/wake", of=standby)
        assert (status, found["phase"]) == (200, "awake")


def test_while_nobody_leads_awake_apps_are_served_and_a_visit_to_a_sleeping_one_waits(
    namespace: Space, torpor: Start
) -> None:
    namespace.apply(*app("web", replicas=1), *app("sleeper", replicas=1, annotations={"wake-timeout": "170s"}))
    with torpor() as running:
        running.wait_phase("web", "awake")
        assert running.until_visit("web.test", 200)
        running.wait_phase("sleeper", "awake")
        running.sleep("sleeper")
        running.scalers[0].kill()
        with Looping(running, "sleeper.test", times=1) as waiting, Looping(running, "web.test") as loop:
            until(lambda: loop.count > 20, SOON, "visits")
            assert waiting.count == 0
            running.start_scaler_at(0)
            until(lambda: waiting.count or waiting.failures, LATER, "the answer to the one that waited")
        assert (loop.failures, waiting.failures) == ([], [])
