"""What sleeping saves in a cluster, what it would save in shadow mode, and hours in which apps are kept awake."""

import json
from typing import Any

import pytest

from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.running import SOON, Running, Start

type Tree = dict[str, Any]

CORES, BYTES = 2 * 0.001, 2 * 8 * 2**20
"""What two replicas of the tests' app request."""


def savings(running: Running, name: str) -> Tree:
    status, found = running.api("GET", "/v1/savings")
    assert status == 200, found
    return next(one for one in found["apps"] if one["id"] == f"{running.space.name}/{name}")


def annotations(namespace: Space, name: str) -> dict[str, str]:
    return dict(namespace.get("deployments", name)["metadata"].get("annotations", {}))


def told(namespace: Space, name: str) -> str:
    """What Events say of a workload."""
    return " ".join(one["note"] for one in namespace.all("events", fieldSelector=f"regarding.name={name}"))


@pytest.mark.timeout(300)
def test_what_a_sleep_saves_outlives_a_scaler_and_shadow_mode_and_hours_to_keep_awake_put_nobody_to_sleep(
    namespace: Space, torpor: Start
) -> None:
    web = app("web", replicas=2)
    web[0]["metadata"]["labels"]["team"] = "shop"
    namespace.apply(*web)
    said = {"shady": {"mode": "shadow"}, "kept": {"keep-awake": "00:00-24:00 Europe/Berlin"}, "bad": {"mode": "off"}}
    for name, more in said.items():
        namespace.apply(*app(name, replicas=1, annotations={"idle-timeout": "1s", **more}))
    with torpor({"kubernetes": {"team_label": "team"}}) as running:
        running.sleep("web")
        until(lambda: savings(running, "web")["saved"]["asleep_seconds"] > 1, SOON, "a second asleep")
        found = savings(running, "web")
        assert (found["team"], found["replicas"]) == ("shop", 2)
        assert found["requests"] == {"cpu": 0.001, "memory": 8 * 2**20}
        seconds = found["saved"]["asleep_seconds"]
        assert abs(found["saved"]["cpu_core_seconds"] - seconds * CORES) < 0.01
        assert abs(found["saved"]["memory_byte_seconds"] - seconds * BYTES) < BYTES

        running.wait_phase("bad", "asleep")  # the default holds
        until(lambda: "allowed are sleep, shadow" in told(namespace, "bad"), SOON, "an Event")
        until(lambda: running.app("shady")["shadow_since"] is not None, SOON, "the time to sleep")
        until(lambda: savings(running, "shady")["would_save"]["cpu_core_seconds"] > 0, SOON, "what it would save")
        assert running.api("POST", f"/v1/apps/{namespace.name}/shady/sleep")[0] == 409
        assert running.until_visit("shady.test", 200)
        until(lambda: savings(running, "shady")["would_save"]["sleeps"] == 2, SOON, "the time to sleep again")
        for name in ("shady", "kept"):
            assert running.app(name)["phase"] == "awake"
            assert namespace.replicas(name) == 1
            assert "torpor.dev/replicas" not in annotations(namespace, name)

        before = savings(running, "web")["saved"]
        running.scalers[0].kill()
        running.start_scaler_at(0)
        running.wait_linked()
        after = savings(running, "web")["saved"]
        assert after["asleep_seconds"] > before["asleep_seconds"]  # with the time in which nobody led
        assert after["since"] == before["since"]

        assert running.visit("web.test")[0] == 200
        until(lambda: "torpor.dev/asleep-since" not in annotations(namespace, "web"), SOON, "the end written down")
        awake = savings(running, "web")["saved"]
        written = json.loads(annotations(namespace, "web")["torpor.dev/saved"])
        assert written["since"] == awake["since"]
        assert abs(written["seconds"] - awake["asleep_seconds"]) < 0.01
