"""The ways that lead to apps: several to one, one to several, by port, host, path, header and weight."""

import json
from typing import Any

import pytest

from tests.cluster.rig.definitions import gateway_api
from tests.cluster.rig.manifests import deployment, service
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import MANAGED, ingress
from tests.cluster.torpor.running import Running, Start

type Tree = dict[str, Any]

EVEN_ODDS = 40
"""Visits; that all of them go the same of two ways of equal weight happens once in 500 thousand million times."""
LOOKS = 90.0
"""Seconds until a kind that is new is noticed: several times as long as between two looks."""


@pytest.mark.timeout(300)
def test_one_app_has_several_doors_and_one_ingress_leads_to_several_apps(namespace: Space, torpor: Start) -> None:
    headless = service("web-plain")
    headless["spec"] = {"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"name": "plain", "port": 8081}]}
    both = service("web")
    both["spec"]["ports"].append({"name": "admin", "port": 9000, "targetPort": "admin"})
    namespace.apply(
        *(two_ports("web"), both, headless, deployment("other", labels=MANAGED), service("other")),
        several(
            "front",
            *(("web.test", "/", "web", "http"), ("web.test", "/admin", "web", "admin")),
            *(("web.test", "/other", "other", "http"), ("plain.test", "/", "web-plain", "plain")),
        ),
    )
    with torpor() as running:
        running.wait_phase("web", "asleep")

        admin = answer(running, "web.test", "/admin/x")

        assert (admin["path"], namespace.replicas("web"), namespace.replicas("other")) == ("/admin/x", 1, 0)
        main, plain = answer(running, "web.test", "/x"), answer(running, "plain.test")
        assert admin["pod"] == main["pod"] == plain["pod"]
        assert admin["began"] == plain["began"] != main["began"]  # which container it was
        assert (running.app("web")["phase"], running.app("other")["phase"]) == ("awake", "asleep")
        assert answer(running, "web.test", "/other/x")["pod"].startswith("other-")


@pytest.mark.timeout(300)
def test_an_httproute_leads_by_header_and_weight_once_its_kind_is_there_and_no_longer(
    namespace: Space, torpor: Start
) -> None:
    namespace.apply(
        *(deployment("one", labels=MANAGED), service("one"), ingress("one", "one.test")),
        *(deployment("two", labels=MANAGED), service("two"), ingress("two", "two.test")),
    )
    with torpor() as running:
        running.wait_phase("one", "asleep")
        assert running.visit("web.test")[0] == 404
        with gateway_api(namespace.cluster):
            namespace.apply(gateway(), httproute())

            until(lambda: running.visit("web.test", headers={"X-Who": "two"})[0] == 200, LOOKS, "the route")

            assert answer(running, "web.test", headers={"X-Who": "two"})["pod"].startswith("two-")
            assert (namespace.replicas("one"), namespace.replicas("two")) == (0, 1)
            pods = {answer(running, "web.test")["pod"].partition("-")[0] for _ in range(EVEN_ODDS)}
            assert pods == {"one", "two"}
            assert (namespace.replicas("one"), namespace.replicas("two")) == (1, 1)
        until(lambda: running.visit("web.test")[0] == 404, LOOKS, "the end of the route")
        assert answer(running, "two.test")["pod"].startswith("two-")


@pytest.mark.timeout(300)
def test_ingresses_of_another_controller_are_served_as_they_are_without_what_it_adds(
    namespace: Space, torpor: Start
) -> None:
    """As docs/ingress-controllers.md says of Torpor before another controller."""
    front = ingress("web", "web.test")
    front["spec"]["ingressClassName"] = "nginx"
    front["metadata"]["annotations"] = {"nginx.ingress.kubernetes.io/auth-url": "http://login.test"}
    namespace.apply(deployment("web", labels=MANAGED), service("web"), front)
    with torpor({"kubernetes": {"ingress_classes": ["torpor", "nginx"]}}) as running:
        running.wait_phase("web", "asleep")

        assert answer(running, "web.test")["pod"].startswith("web-")

        assert not namespace.get("ingresses", "web")["status"]["loadBalancer"]


def answer(running: Running, host: str, path: str = "/", headers: dict[str, str] | None = None) -> Tree:
    status, _, body = running.visit(host, path, headers=headers)
    assert status == 200, body
    found: Tree = json.loads(body)
    return found


def two_ports(name: str) -> Tree:
    """The app twice in each pod, at two ports."""
    made = deployment(name, labels=MANAGED)
    (first,) = containers = made["spec"]["template"]["spec"]["containers"]
    second = {key: value for key, value in first.items() if key != "readinessProbe"}
    its_own = {"name": "admin", "env": [{"name": "PORT", "value": "8081"}]}
    containers.append(second | its_own | {"ports": [{"name": "admin", "containerPort": 8081}]})
    return made


def several(name: str, *ways: tuple[str, str, str, str]) -> Tree:
    """An Ingress with a rule for each host, path, Service and named port of it."""
    made = ingress(name)
    for host, path, backend, port in ways:
        to = {"service": {"name": backend, "port": {"name": port}}}
        rule = {"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": to}]}}
        made["spec"]["rules"].append(rule)
    return made


def gateway() -> Tree:
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "front"},
        "spec": {"gatewayClassName": "torpor", "listeners": [listener]},
    }


def httproute() -> Tree:
    """To `two` by a header, else to both."""
    one, two = ({"name": name, "port": 80, "weight": 50} for name in ("one", "two"))
    by_header = {"matches": [{"headers": [{"name": "X-Who", "value": "two"}]}], "backendRefs": [two]}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": {
            "parentRefs": [{"name": "front"}],
            "hostnames": ["web.test"],
            "rules": [by_header, {"backendRefs": [one, two]}],
        },
    }
