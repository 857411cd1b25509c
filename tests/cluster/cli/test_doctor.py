"""`torpor doctor` looks at a real cluster."""

import json
from typing import Any

import pytest

from scaler.runtimes.kubernetes.headroom.placeholders import SELECTOR
from tests.cluster.cli.conftest import Ended, User
from tests.cluster.rig.api import path
from tests.cluster.rig.manifests import deployment
from tests.cluster.rig.space import SOON, Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.headroom import allowed, change, large, room
from tests.cluster.torpor.manifests import MANAGED, app, ingress

pytestmark = pytest.mark.timeout(300)

QUOTA = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": {"pods": "1"}}}


def wrong(ended: Ended) -> list[dict[str, Any]]:
    return [finding for finding in json.loads(ended.out)["findings"] if finding["grade"] == "wrong"]


def test_the_example_s_rights_are_enough_and_a_good_app_is_no_trouble(namespace: Space, user: User) -> None:
    namespace.apply(*app("web"))
    ended = user("doctor")
    assert ended.code == 0, ended.out + ended.err
    assert f"the ServiceAccount {namespace.name}/torpor-scaler has" in ended.out
    assert "1 proxy connected" in ended.out
    assert (
        f"the scaler says what is served: Ingresses of class torpor; Gateways: all of class torpor; in {namespace.name}"
        in ended.out
    )
    assert "1 workload managed" in ended.out


def test_what_is_wrong_is_told_and_nothing_is_changed(namespace: Space, user: User) -> None:
    namespace.apply(*app("web"), ingress("astray", "astray.test"), deployment("lost", labels=MANAGED))
    before = namespace.get("deployments", "lost")["spec"]
    ended = user("doctor", "--json")
    assert ended.code == 1
    about = {name for finding in wrong(ended) for name in finding["about"]}
    assert about == {f"Ingress {namespace.name}/astray", f"Deployment {namespace.name}/lost"}
    # Its status moves by itself.
    after = namespace.get("deployments", "lost")
    assert after["spec"] == before
    assert not any(name.startswith("torpor.dev/") for name in after["metadata"].get("annotations", ()))


def test_a_scaler_that_may_not_do_its_work_is_told_with_the_rule_to_paste(namespace: Space, user: User) -> None:
    nothing = '[{"op": "replace", "path": "/rules", "value": []}]'
    role = f"torpor-test-{namespace.name}"
    user.running.cluster.kubectl("patch", "clusterrole", role, "--type=json", "-p", nothing)
    ended = user("doctor")
    assert ended.code == 1
    assert f"the ServiceAccount {namespace.name}/torpor-scaler lacks" in ended.out
    assert '{apiGroups: ["apps"], resources: [deployments/scale], verbs: [patch]}' in ended.out


def test_what_keeps_placeholders_from_holding_room_is_told(namespace: Space, user: User) -> None:
    namespace.apply(*large("web", 1_000_000))

    def told(*options: str) -> str:
        return str([one["text"] for one in json.loads(user("doctor", "--json", *options).out)["findings"]])

    with allowed(namespace) as priority_class:
        change(user.running, room(priority_class, cpu="1k"))
        until(lambda: "placeholders without room: 1 of 1" in told(), SOON, "that there is no room")

        file = user.directory / "other.yaml"
        nothing = {"kubernetes": {"namespace": namespace.name, "headroom": {"priority_class": "nothing"}}}
        file.write_text(json.dumps(nothing))
        assert "there is no PriorityClass nothing" in told("-f", str(file))

        namespace.apply(QUOTA)
        until(lambda: namespace.get("resourcequotas", "small")["status"].get("used"), SOON, "a quota that counts")
        for pod in namespace.all("pods", labelSelector=SELECTOR):
            namespace.cluster.api.delete(path("pods", namespace.name, pod["metadata"]["name"]))
        until(lambda: "exceeded quota: small" in told(), SOON, "that a quota is in the way")
