"""An app of a cluster sleeps, is woken by a visit, and sleeps again."""

import json
import time

from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.running import SOON, Start


def test_a_visit_wakes_an_app_and_brings_back_the_replicas_that_the_sleep_took(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=2))
    until(lambda: len(namespace.ready("web")) == 2, SOON, "two pods")
    with torpor() as running:
        running.wait_phase("web", "awake")
        assert running.until_visit("web.test", 200)
        running.sleep("web")
        assert namespace.replicas("web") == 0
        written = namespace.get("deployments", "web")["metadata"]["annotations"]
        assert (written["torpor.dev/replicas"], written["torpor.dev/phase"]) == ("2", "asleep")
        assert written["torpor.dev/last-access"].endswith("Z")

        status, headers, body = running.visit("web.test", "/hello")

        assert status == 200
        assert json.loads(body)["path"] == "/hello"
        assert headers["Server-Timing"].startswith("torpor;dur=")
        assert namespace.replicas("web") == 2
        until(lambda: len(namespace.ready("web")) == 2, SOON, "two pods")
        until(lambda: phase(namespace) == "awake", SOON, "the phase written down")
        until(lambda: {"Woken", "Slept"} <= reasons(namespace, "web"), SOON, "the Events of a sleep and a wake")


def test_an_app_that_nobody_visits_sleeps_by_itself(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=1, annotations={"idle-timeout": "2s"}))
    with torpor() as running:
        running.wait_phase("web", "asleep", within=SOON)
        until(lambda: namespace.replicas("web") == 0, SOON, "nothing left")


def test_a_visitor_has_the_first_byte_soon_after_the_app_listens(namespace: Space, torpor: Start) -> None:
    """The readiness period is 10 s: whoever waits for Ready waits for up to that."""
    slow = {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 10}
    namespace.apply(*app("web", replicas=1, probe=slow, environment={"START_DELAY_MS": 700}))
    with torpor() as running:
        running.wait_phase("web", "awake")
        until(lambda: namespace.ready("web"), SOON, "a pod")
        running.sleep("web")
        until(lambda: not namespace.ready("web"), SOON, "the pod gone")

        status, _, body = running.visit("web.test")

        assert status == 200
        assert time.time() - json.loads(body)["listened"] < 8.0


def phase(namespace: Space) -> str:
    annotations = namespace.get("deployments", "web")["metadata"]["annotations"]
    return str(annotations["torpor.dev/phase"])


def reasons(namespace: Space, name: str) -> set[str]:
    events = namespace.all("events", fieldSelector=f"regarding.name={name}")
    return {event["reason"] for event in events if event.get("deprecatedSource", {}).get("component") == "torpor"}
