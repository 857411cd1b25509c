"""A wake that cannot succeed ends at once, and everybody is told why in the cluster's own words."""

import json

from tests.cluster.rig.manifests import deployment
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import MANAGED, app
from tests.cluster.torpor.running import SOON, Start


def test_an_image_that_cannot_be_had_fails_the_wake_at_once_and_is_not_left_up(namespace: Space, torpor: Start) -> None:
    broken = deployment("web", labels=MANAGED, annotations={"torpor.dev/idle-timeout": "2s"})
    broken["spec"]["template"]["spec"]["containers"][0]["image"] = "torpor.test/nobody-has-it:1"
    namespace.apply(broken, *app("web")[1:])
    with torpor() as running:
        running.wait_phase("web", "asleep")

        # Sooner than a wake times out.
        status, headers, body = running.visit("web.test", headers={"Accept": "application/json"}, within=50.0)

        assert status == 502
        assert "ErrImageNeverPull" in json.loads(body)["detail"]
        assert int(headers["Retry-After"]) >= 1
        assert "ErrImageNeverPull" in running.app("web")["reason"]
        status, told = running.api("POST", f"/v1/apps/{namespace.name}/web/wake")
        assert (status, "ErrImageNeverPull" in told["detail"]) == (502, True)
        until(lambda: namespace.replicas("web") == 0, SOON, "it is not left up for ever")


def test_an_app_that_crashes_fails_the_wake_with_its_exit_code(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", environment={"EXIT_CODE": "3"}))
    with torpor() as running:
        running.wait_phase("web", "asleep")

        status, _, body = running.visit("web.test", headers={"Accept": "application/json"})

        assert status == 502
        assert "3" in json.loads(body)["detail"]


def test_a_namespace_that_goes_while_its_app_is_waking_takes_the_app_along(namespace: Space, torpor: Start) -> None:
    with Space.made(namespace.cluster, "going") as other:
        slow = {"START_DELAY_MS": 60_000}
        other.apply(*app("web", environment=slow))
        settings = {"kubernetes": {"namespaces": [namespace.name, other.name]}}
        with torpor(settings) as running:
            path = f"/v1/apps/{other.name}/web"
            until(lambda: running.api("GET", path)[1].get("phase") == "asleep", SOON, "the app")
            other.scale("web", 1)
            until(lambda: running.api("GET", path)[1].get("phase") == "waking", SOON, "its waking")

            namespace.cluster.api.delete(f"/api/v1/namespaces/{other.name}")

            until(lambda: running.api("GET", path)[0] == 404, SOON, lambda: str(running.api("GET", path)))
            assert running.visit("web.test")[0] == 404
