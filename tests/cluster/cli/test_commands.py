"""The commands against a real cluster, through its API server."""

import json

import pytest

from tests.cluster.cli.conftest import TOKEN, User
from tests.cluster.rig.space import Space
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.running import PASSING, SOON

pytestmark = pytest.mark.timeout(300)  # many commands, each a process that imports a lot


def test_an_app_is_listed_woken_read_followed_and_put_to_sleep(namespace: Space, user: User) -> None:
    namespace.apply(*app("web", environment={"START_DELAY_MS": 300}))
    user.running.wait_phase("web", "asleep", SOON)
    name = f"{namespace.name}/web"

    listed = user("apps")
    assert (listed.code, listed.err) == (0, "")
    assert any(line.split()[:2] == [name, "asleep"] for line in listed.out.splitlines())

    refused = user("wake", name)
    assert refused.code == 1
    assert "TORPOR_TOKEN" in refused.err
    assert namespace.replicas("web") == 0

    woken = user("wake", name, **TOKEN)
    assert (woken.code, woken.out[: len(name) + 10]) == (0, f"{name} is awake "), woken.err
    assert woken.err.splitlines()[0] == f"waking {name}"
    assert len(woken.err.splitlines()) > 2, "progress"
    assert namespace.replicas("web") == 1

    assert "TORPOR_TOKEN" in user("logs", name).err
    assert user("logs", name, "-n", "5", **TOKEN).code == 0

    told = user("events", "--no-follow", "--json")
    assert any(json.loads(line)["app"]["phase"] == "awake" for line in told.out.splitlines())

    slept = user("sleep", name, **TOKEN)
    while any(words in slept.err for words in PASSING):
        slept = user("sleep", name, **TOKEN)
    assert (slept.code, slept.out) == (0, f"{name} is asleep.\n"), slept.err
    assert namespace.replicas("web") == 0


def test_whoever_may_only_look_is_refused_by_the_api_server_with_what_it_takes(namespace: Space, user: User) -> None:
    namespace.apply(*app("web"))
    user.running.wait_phase("web", "asleep", SOON)
    about = {"name": "looker", "namespace": namespace.name}
    kind = "rbac.authorization.k8s.io"
    way = {"apiGroups": [""], "resources": ["services/proxy"], "resourceNames": ["http:torpor-scaler:api"]}
    namespace.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": about},
        {"apiVersion": f"{kind}/v1", "kind": "Role", "metadata": about, "rules": [{**way, "verbs": ["get"]}]},
        {
            "apiVersion": f"{kind}/v1",
            "kind": "RoleBinding",
            "metadata": about,
            "roleRef": {"apiGroup": kind, "kind": "Role", "name": "looker"},
            "subjects": [{"kind": "ServiceAccount", **about}],
        },
    )
    user.become("looker")
    assert f"{namespace.name}/web" in user("apps").out
    refused = user("wake", f"{namespace.name}/web", **TOKEN)
    assert refused.code == 1
    assert "create (to wake and to put to sleep) on services/proxy" in refused.err


def test_a_service_that_is_not_there_and_one_without_a_scaler_are_told(namespace: Space, user: User) -> None:
    nowhere = user("apps", "--service", f"{namespace.name}/nothing")
    assert f"there is no Service nothing in the namespace {namespace.name}" in nowhere.err
    namespace.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "empty"},
            "spec": {"selector": {"app": "nobody"}, "ports": [{"name": "api", "port": 8081}]},
        }
    )
    empty = user("apps", "--service", f"{namespace.name}/empty")
    assert "no scaler is ready behind the Service" in empty.err
    assert (nowhere.code, empty.code) == (1, 1)
