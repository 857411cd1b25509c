from typing import Any

import pytest

from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.found import Reason
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from tests.scaler.runtimes.kubernetes.cluster_objects import (
    DEPLOYMENTS,
    GATEWAYS,
    GRANTS,
    HTTPROUTES,
    NAMESPACES,
    SERVICES,
    Json,
    deployment,
    gateway,
    httproute,
    meta,
    namespace,
    service,
)
from tests.scaler.runtimes.kubernetes.discovery.conftest import Cluster


@pytest.fixture
def shop(cluster: Cluster) -> Cluster:
    for name in ("web", "canary"):
        cluster.put(DEPLOYMENTS, deployment(name))
        cluster.put(SERVICES, service(name))
    cluster.put(GATEWAYS, gateway())
    return cluster


def to(name: str = "web", **more: Any) -> Json:
    return {"name": name, "port": 80} | more


def test_hostnames_paths_and_headers_become_routes(shop: Cluster) -> None:
    matches = [
        {"path": {"type": "PathPrefix", "value": "/v2/"}, "headers": [{"name": "X-Env", "value": "test me"}]},
        {"path": {"type": "Exact", "value": "/up"}},
    ]
    rules = [{"matches": matches, "backendRefs": [to()]}, {"backendRefs": [to("canary")]}]
    shop.put(HTTPROUTES, httproute(hostnames=["web.example", "*.Apps.example"], rules=rules))
    assert shop.routes("shop/web")[""] == (
        "*.apps.example/v2 [x-env=test%20me]",
        "=*.apps.example/up",
        "=web.example/up",
        "web.example/v2 [x-env=test%20me]",
    )
    assert shop.routes("shop/canary")[""] == ("*.apps.example", "web.example")


def test_weights_are_shared_and_a_weight_of_zero_is_nobody(shop: Cluster) -> None:
    rules = [{"backendRefs": [to(weight=90), to("canary", weight=10)]}]
    shop.put(HTTPROUTES, httproute(rules=rules))
    assert shop.routes("shop/web")[""] == ("web.example @90",)
    assert shop.routes("shop/canary")[""] == ("web.example @10",)
    rules = [{"backendRefs": [to(weight=100), to("canary", weight=0)]}]
    shop.put(HTTPROUTES, httproute(rules=rules))
    assert shop.routes("shop/web")[""] == ("web.example",)
    assert shop.routes("shop/canary")[""] == ()


@pytest.mark.parametrize(
    "rule",
    [
        {"matches": [{"path": {"type": "RegularExpression", "value": "/a.*"}}], "backendRefs": [to()]},
        {"matches": [{"method": "POST"}], "backendRefs": [to()]},
        {"matches": [{"queryParams": [{"name": "a", "value": "b"}]}], "backendRefs": [to()]},
        {
            "matches": [{"headers": [{"type": "RegularExpression", "name": "a", "value": "b"}]}],
            "backendRefs": [to()],
        },
        {"filters": [{"type": "URLRewrite"}], "backendRefs": [to()]},
        {"backendRefs": [to(filters=[{"type": "RequestHeaderModifier"}])]},
        {"backendRefs": [to(kind="Bucket")]},
        {"backendRefs": [{"name": "web"}]},
    ],
)
def test_what_cannot_be_done_is_left_out_and_reported_and_the_rest_is_served(shop: Cluster, rule: Json) -> None:
    plain = {"matches": [{"path": {"type": "PathPrefix", "value": "/plain"}}], "backendRefs": [to()]}
    shop.put(HTTPROUTES, httproute(rules=[rule, plain]))
    assert shop.routes("shop/web")[""] == ("web.example/plain",)
    assert Reason.ROUTE_NOT_SUPPORTED in shop.reasons("web")


def test_a_rule_without_backends_is_reported(shop: Cluster) -> None:
    shop.put(HTTPROUTES, httproute(rules=[{"backendRefs": []}]))
    assert Reason.ROUTE_WITHOUT_BACKEND in shop.reasons("web")


def test_another_namespaces_service_takes_a_grant(shop: Cluster) -> None:
    shop.put(
        HTTPROUTES,
        httproute(
            namespace="front",
            parentRefs=[{"name": "front", "namespace": "shop"}],
            rules=[{"backendRefs": [to(namespace="shop")]}],
        ),
    )
    shop.put(GATEWAYS, gateway(allowedRoutes={"namespaces": {"from": "All"}}))
    assert shop.routes("shop/web")[""] == ()
    assert Reason.NOT_GRANTED in shop.reasons("web")
    grant = {
        "metadata": meta("any"),
        "spec": {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "front"}],
            "to": [{"group": "", "kind": "Service", "name": "web"}],
        },
    }
    assert shop.put(GRANTS, grant) == {"shop/web"}
    assert shop.routes("shop/web")[""] == ("web.example",)
    assert shop.remove(GRANTS, "shop", "any") == {"shop/web"}
    assert shop.routes("shop/web")[""] == ()


def test_only_gateways_that_are_ours_count(shop: Cluster) -> None:
    shop.put(HTTPROUTES, httproute())
    assert shop.put(GATEWAYS, gateway(class_name="other")) == {"shop/web"}
    assert shop.routes("shop/web")[""] == ()
    assert Reason.ROUTE_NOT_SUPPORTED not in shop.reasons("web")
    assert shop.put(GATEWAYS, gateway()) == {"shop/web"}
    assert shop.remove(GATEWAYS, "shop", "front") == {"shop/web"}


def test_a_gateway_that_the_operator_names_counts_even_unseen() -> None:
    discovery = Discovery(Serve(gateways=frozenset({"shop/front"})), Defaults())
    discovery.put(DEPLOYMENTS, deployment())
    discovery.put(SERVICES, service())
    discovery.put(HTTPROUTES, httproute(hostnames=[]))
    assert discovery.apps["shop/web"].doors[0].routes == ("*",)


@pytest.mark.parametrize(
    ("listener", "hostnames", "routes"),
    [
        ("", ["web.example"], ("web.example",)),
        ("*.example", ["web.example", "web.other"], ("web.example",)),
        ("web.example", ["*.example"], ("web.example",)),
        ("*.example", [], ("*.example",)),
        ("a.example", ["b.example"], ()),
    ],
)
def test_hosts_are_those_of_the_listener_and_the_route_both(
    shop: Cluster, listener: str, hostnames: list[str], routes: tuple[str, ...]
) -> None:
    shop.put(GATEWAYS, gateway(hostname=listener))
    shop.put(HTTPROUTES, httproute(hostnames=hostnames))
    assert shop.routes("shop/web")[""] == routes
    assert (Reason.ROUTE_NOT_SUPPORTED in shop.reasons("web")) == (not routes)


def test_a_listener_takes_routes_of_the_namespaces_that_it_says(shop: Cluster) -> None:
    shop.put(GATEWAYS, gateway(namespace="edge"))
    shop.put(HTTPROUTES, httproute(parentRefs=[{"name": "front", "namespace": "edge"}]))
    assert shop.routes("shop/web")[""] == ()
    selector = {"matchLabels": {"edge": "yes"}}
    shop.put(
        GATEWAYS, gateway(namespace="edge", allowedRoutes={"namespaces": {"from": "Selector", "selector": selector}})
    )
    assert shop.routes("shop/web")[""] == ()
    assert shop.put(NAMESPACES, namespace("shop", edge="yes")) == {"shop/web"}
    assert shop.routes("shop/web")[""] == ("web.example",)


def test_a_section_or_port_means_one_listener_only(shop: Cluster) -> None:
    shop.put(HTTPROUTES, httproute(parentRefs=[{"name": "front", "sectionName": "other"}]))
    assert shop.routes("shop/web")[""] == ()
    shop.put(HTTPROUTES, httproute(parentRefs=[{"name": "front", "sectionName": "http", "port": 80}]))
    assert shop.routes("shop/web")[""] == ("web.example",)
