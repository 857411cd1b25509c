"""`torpor doctor` for a cluster: what it finds, and that it only looks."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.torpor.cli.command import Ended, Torpor
from tests.torpor.cli.fake_api import app
from tests.torpor.cli.fake_api_server import FakeApiServer
from torpor import __version__

HOME = "/api/v1/namespaces/torpor"
WEB: dict[str, Any] = {
    "metadata": {"name": "web", "namespace": "shop", "labels": {"torpor.dev/managed": "true"}},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"ports": [{"containerPort": 80}], "readinessProbe": {"tcpSocket": {"port": 80}}}]},
        },
    },
}
SERVICE = {
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
}
BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
INGRESS = {
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "ingressClassName": "torpor",
        "rules": [
            {"host": "shop.test", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": BACKEND}]}},
        ],
    },
}


def pod(name: str, ready: str = "True") -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "torpor"},
        "spec": {"serviceAccountName": "torpor-scaler"},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


@pytest.fixture
def there(torpor: Torpor, api_server: FakeApiServer) -> Torpor:
    """A cluster in which all is well."""
    torpor.env["KUBECONFIG"] = api_server.kubeconfig()
    info = {"version": __version__, "engine": "haproxy", "proxies": 2, "leader": True, "token_required": True}
    api_server.torpor.answers["GET /v1/info"] = (200, info)
    api_server.torpor.answers["GET /readyz"] = (200, "ready")
    api_server.objects[f"{HOME}/services/torpor-scaler"] = {"spec": {"selector": {"app": "scaler"}}}
    api_server.objects[f"{HOME}/pods"] = {"items": [pod("a"), pod("b")]}
    for group, plurals in {
        "v1": ["namespaces", "services"],
        "apps/v1": ["deployments", "statefulsets"],
        "discovery.k8s.io/v1": ["endpointslices"],
        "networking.k8s.io/v1": ["ingresses"],
        "autoscaling/v2": ["horizontalpodautoscalers"],
    }.items():
        for plural in plurals:
            api_server.holds(group, plural)
    api_server.holds("apps/v1", "deployments", WEB)
    api_server.holds("v1", "services", SERVICE)
    api_server.holds("networking.k8s.io/v1", "ingresses", INGRESS)
    return torpor


def line_after(ended: Ended, finding: str) -> str:
    lines = ended.out.splitlines()
    [at] = [number for number, line in enumerate(lines) if finding in line]
    return lines[at + 1]


async def test_all_in_order_is_exit_code_0(there: Torpor) -> None:
    ended = await there("doctor")
    assert ended.code == 0, ended.out + ended.err
    assert "Kubernetes v1.2.3" in ended.out
    assert "2 scalers ready" in ended.out
    assert "2 proxies connected (haproxy)" in ended.out
    assert "the ServiceAccount torpor/torpor-scaler has" in ended.out
    assert "1 workload managed, 1 of them at 0 replicas" in ended.out
    assert "wrong" not in ended.out
    assert "note" not in ended.out


async def test_nothing_is_changed(there: Torpor, api_server: FakeApiServer) -> None:
    assert (await there("doctor")).code == 0
    writes = {line.split("?")[0] for line in api_server.asked if not line.startswith("GET ")}
    reviews = "POST /apis/authorization.k8s.io/v1"
    assert writes == {f"{reviews}/selfsubjectaccessreviews", f"{reviews}/subjectaccessreviews"}
    assert all(line.startswith("GET ") for line in api_server.torpor.asked)


@pytest.mark.parametrize(
    ("change", "finding", "fix"),
    [
        ({"proxies": 0}, "no proxy is connected", "torpor proxy"),
        ({"leader": False}, "no scaler leads", "Lease"),
        ({"version": "0.0.1"}, "the scaler 0.0.1", "same version"),
        ({"token_required": False}, "the API has no token", "TORPOR_TOKEN"),
        ({"kubernetes": {"ingress_classes": ["nginx"]}}, "nothing leads to it", "Ingress of a class"),
    ],
)
async def test_what_the_scaler_says_is_told_with_its_fix(
    there: Torpor, api_server: FakeApiServer, change: dict[str, Any], finding: str, fix: str
) -> None:
    api_server.torpor.answers["GET /v1/info"][1].update(change)
    assert fix in line_after(await there("doctor"), finding)


@pytest.mark.parametrize(
    ("path", "said", "finding", "fix"),
    [
        (f"{HOME}/services/torpor-scaler", 404, "there is no Service torpor-scaler", "--service NAMESPACE/NAME"),
        (f"{HOME}/pods", {"items": [pod("a", "False")]}, "of 1 pod behind the Service", "describe pods"),
        (f"{HOME}/pods", {"items": [pod("a")]}, "one scaler is ready, and none stands by", "replicas: 2"),
        ("/apis/networking.k8s.io/v1/ingresses", 403, "ingresses.networking.k8s.io may not be listed", "permission"),
        ("/apis/apps/v1/deployments", {"items": []}, "no workload is managed", "kubectl label"),
        ("/api/v1/services", {"items": []}, "which is not there", "Create the Service"),
    ],
)
async def test_what_the_cluster_says_is_told_with_its_fix(
    there: Torpor, api_server: FakeApiServer, path: str, said: Any, finding: str, fix: str
) -> None:
    api_server.objects[path] = said
    assert fix in line_after(await there("doctor"), finding)


async def test_what_the_scaler_may_not_do_is_told_as_rules_to_paste(there: Torpor, api_server: FakeApiServer) -> None:
    api_server.denied = {"deployments/scale", "leases"}
    ended = await there("doctor")
    assert ended.code == 1
    assert "torpor/torpor-scaler lacks 6 permissions" in ended.out
    assert '{apiGroups: ["apps"], resources: [deployments/scale], verbs: [patch]}' in ended.out


async def test_who_may_only_look_is_told_so(there: Torpor, api_server: FakeApiServer) -> None:
    api_server.denied = {"services/proxy"}
    ended = await there("doctor")
    assert ended.code == 0
    assert "verb create on services/proxy" in line_after(ended, "you may look, but neither wake apps")


async def test_a_scaler_that_does_not_answer_is_told_and_the_rest_is_looked_at(
    there: Torpor, api_server: FakeApiServer
) -> None:
    api_server.refused = (503, {"message": "no endpoints available for service"})
    ended = await there("doctor")
    assert ended.code == 1
    assert "the scaler does not answer: no scaler is ready behind the Service torpor/torpor-scaler" in ended.out
    assert "1 workload managed" in ended.out


async def test_what_the_scaler_has_seen_is_told(there: Torpor, api_server: FakeApiServer) -> None:
    api_server.torpor.apps = [app("shop/web", "awake", reverts=2)]
    ended = await there("doctor")
    assert ended.code == 1
    assert "shop/web: somebody scales it up again" in ended.out


async def test_programs_get_json_and_all_of_it(there: Torpor, api_server: FakeApiServer) -> None:
    many = [{**INGRESS, "metadata": {"name": f"web{number}", "namespace": "shop"}} for number in range(30)]
    api_server.holds("networking.k8s.io/v1", "ingresses", *many)
    api_server.holds("v1", "services")
    ended = await there("doctor", "--json")
    said = json.loads(ended.out)
    assert ended.code == 1
    assert said["wrong"] == sum(finding["grade"] == "wrong" for finding in said["findings"])
    assert any("Ingress shop/web0" in finding["about"] for finding in said["findings"])


async def test_a_file_says_that_a_cluster_is_meant_and_what_is_served(there: Torpor, tmp_path: Path) -> None:
    (tmp_path / "torpor.yaml").write_text("kubernetes: {ingress_classes: [torpor, other]}\n")
    ended = await there("doctor")
    assert ended.code == 0, ended.out
    assert "torpor.yaml says what is served: Ingresses of class other, torpor" in ended.out


async def test_a_file_for_this_machine_goes_before_a_kubeconfig(
    there: Torpor, api_server: FakeApiServer, tmp_path: Path
) -> None:
    (tmp_path / "torpor.yaml").write_text("listen: 127.0.0.1:0\napi: 127.0.0.1:0\napps: {}\n")
    assert "torpor.yaml reads well: 0 apps" in (await there("doctor")).out
    assert api_server.asked == []
    assert "Kubernetes v1.2.3" in (await there("doctor", "--context", "test")).out


async def test_a_file_that_is_named_and_not_there_is_wrong_usage(there: Torpor) -> None:
    ended = await there("doctor", "-f", "none.yaml")
    assert ended.code == 2
    assert "there is no such file" in ended.err


async def test_no_cluster_is_told(there: Torpor, api_server: FakeApiServer) -> None:
    api_server.objects["/version"] = 401
    ended = await there("doctor")
    assert ended.code == 1
    assert "could not be looked at" in ended.err
