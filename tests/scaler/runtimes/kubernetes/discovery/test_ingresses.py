from collections.abc import Callable

import pytest

from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.found import Reason
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from tests.scaler.runtimes.kubernetes.cluster_objects import (
    DEPLOYMENTS,
    INGRESSES,
    SERVICES,
    Json,
    backend,
    deployment,
    ingress,
    path,
    rule,
    service,
)
from tests.scaler.runtimes.kubernetes.discovery.conftest import Cluster
from torpor.route_table import RouteTable
from torpor.routes import parse_route

type Ask = Callable[[str, str], str | None]


@pytest.fixture
def shop(cluster: Cluster) -> Cluster:
    for name in ("web", "a", "b", "c"):
        cluster.put(DEPLOYMENTS, deployment(name))
        cluster.put(SERVICES, service(name))
    return cluster


def asking(discovery: Discovery) -> Ask:
    """Which app a visit goes to, by the table that proxies have."""
    table: RouteTable[str] = RouteTable(
        (parse_route(route), found.id.partition("/")[2])
        for found in discovery.apps.values()
        for door in found.doors
        for route in door.routes
    )
    return lambda host, at: table.find(host, at)


def to(name: str, at: str, kind: str = "Prefix") -> Json:
    return path(backend(name), at, kind)


@pytest.mark.parametrize(
    ("kind", "paths", "asked", "answers"),
    [  # the examples of the Ingress specification
        ("Prefix", ["/"], "/any/path", True),
        ("Exact", ["/foo"], "/foo", True),
        ("Exact", ["/foo"], "/bar", False),
        ("Exact", ["/foo"], "/foo/", False),
        ("Exact", ["/foo/"], "/foo", False),
        ("Prefix", ["/foo"], "/foo", True),
        ("Prefix", ["/foo"], "/foo/", True),
        ("Prefix", ["/foo/"], "/foo", True),
        ("Prefix", ["/foo/"], "/foo/", True),
        ("Prefix", ["/aaa/bb"], "/aaa/bbb", False),
        ("Prefix", ["/aaa/bbb"], "/aaa/bbb", True),
        ("Prefix", ["/aaa/bbb/"], "/aaa/bbb", True),
        ("Prefix", ["/aaa/bbb"], "/aaa/bbb/", True),
        ("Prefix", ["/aaa/bbb"], "/aaa/bbb/ccc", True),
        ("Prefix", ["/aaa/bbb"], "/aaa/bbbxyz", False),
        ("Prefix", ["/aaa"], "/ccc", False),
        ("ImplementationSpecific", ["/foo/*"], "/foo/bar", True),
    ],
)
def test_paths_match_as_the_specification_says(
    shop: Cluster, kind: str, paths: list[str], asked: str, answers: bool
) -> None:
    shop.put(INGRESSES, ingress(rules=[rule("h.example", *(to("a", at, kind) for at in paths))]))
    assert asking(shop)("h.example", asked) == ("a" if answers else None)


def test_the_longest_path_wins_and_exact_goes_before_prefix(shop: Cluster) -> None:
    paths = [to("web", "/"), to("a", "/aaa"), to("b", "/aaa/bbb"), to("c", "/aaa", "Exact")]
    shop.put(INGRESSES, ingress(rules=[rule("h.example", *paths)]))
    ask = asking(shop)
    assert [ask("h.example", at) for at in ("/x", "/aaa", "/aaa/x", "/aaa/bbb/c")] == ["web", "c", "a", "b"]


def test_a_wildcard_is_one_label_and_goes_after_an_exact_host(shop: Cluster) -> None:
    shop.put(INGRESSES, ingress(rules=[rule("*.foo.com", to("a", "/")), rule("bar.foo.com", to("b", "/"))]))
    ask = asking(shop)
    assert ask("baz.foo.com", "/") == "a"
    assert ask("bar.foo.com", "/") == "b"
    assert ask("baz.bar.foo.com", "/") is None
    assert ask("foo.com", "/") is None


def test_a_rule_without_a_host_is_for_any_and_the_default_backend_for_what_is_left(shop: Cluster) -> None:
    rules = [rule("h.example", to("a", "/a")), rule(None, to("b", "/b")), {"host": "bare.example"}]
    shop.put(INGRESSES, ingress(rules=rules, defaultBackend=backend("c")))
    ask = asking(shop)
    assert ask("h.example", "/a") == "a"
    assert ask("h.example", "/x") == "c"
    assert ask("x.example", "/b") == "b"
    assert ask("bare.example", "/b") == "c"
    assert not shop.reasons("web") - {Reason.WORKLOAD_WITHOUT_ROUTE}


def test_a_rule_for_any_host_goes_before_another_ones_default_backend_though_it_is_older(shop: Cluster) -> None:
    shop.put(INGRESSES, ingress("old", rules=[], defaultBackend=backend("a"), created="2020-01-01T00:00:00Z"))
    shop.put(INGRESSES, ingress("new", rules=[rule(None, to("b", "/"))]))
    assert asking(shop)("x.example", "/") == "b"
    assert Reason.ROUTE_CONFLICT in shop.reasons("old")


def test_of_two_ingresses_the_older_is_right_and_then_the_first_by_name(shop: Cluster) -> None:
    shop.put(INGRESSES, ingress("z", rules=[rule("h.example", to("a", "/"))], created="2025-01-01T00:00:00Z"))
    shop.put(INGRESSES, ingress("y", rules=[rule("h.example", to("b", "/"))]))
    shop.put(INGRESSES, ingress("x", rules=[rule("h.example", to("c", "/"))]))
    assert asking(shop)("h.example", "/") == "a"
    assert shop.reasons("x") == shop.reasons("y") == {Reason.ROUTE_CONFLICT}
    shop.remove(INGRESSES, "shop", "z")
    assert asking(shop)("h.example", "/") == "c"
    assert shop.reasons("x") == set()
    assert shop.reasons("y") == {Reason.ROUTE_CONFLICT}


def test_two_ingresses_that_lead_to_the_same_are_no_conflict(shop: Cluster) -> None:
    shop.put(INGRESSES, ingress("x"))
    shop.put(INGRESSES, ingress("y"))
    assert asking(shop)("web.example", "/") == "web"
    assert shop.reasons("x") == shop.reasons("y") == set()


def test_only_classes_that_are_ours_are_served(shop: Cluster) -> None:
    shop.put(INGRESSES, ingress(class_name="nginx"))
    shop.put(INGRESSES, ingress("plain", class_name=None))
    assert asking(shop)("web.example", "/") is None
    default = Discovery(Serve(without_class=True), Defaults())
    default.put(DEPLOYMENTS, deployment())
    default.put(SERVICES, service())
    default.put(INGRESSES, ingress(class_name=None))
    assert asking(default)("web.example", "/") == "web"
    assert shop.put(INGRESSES, ingress()) == {"shop/web"}
    assert shop.put(INGRESSES, ingress(class_name="nginx")) == {"shop/web"}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (rule("h.example", path({}, "/x")), Reason.ROUTE_WITHOUT_BACKEND),
        (
            rule("h.example", path({"resource": {"kind": "Bucket", "name": "b"}}, "/x")),
            Reason.ROUTE_WITHOUT_BACKEND,
        ),
        (rule("h.example", to("a", "/x(/|$)(.*)", "ImplementationSpecific")), Reason.ROUTE_NOT_SUPPORTED),
        (rule("not a host", to("a", "/x")), Reason.ROUTE_NOT_SUPPORTED),
        (rule("*.*.example", to("a", "/x")), Reason.ROUTE_NOT_SUPPORTED),
        ({"host": "h.example"}, Reason.ROUTE_WITHOUT_BACKEND),
    ],
)
def test_a_broken_rule_is_reported_and_the_others_are_served(shop: Cluster, broken: Json, reason: Reason) -> None:
    shop.put(INGRESSES, ingress("mixed", rules=[broken, rule("fine.example", to("b", "/"))]))
    assert asking(shop)("fine.example", "/") == "b"
    assert shop.reasons("mixed") == {reason}


def test_an_ingress_with_nothing_in_it_is_reported(shop: Cluster) -> None:
    shop.put(INGRESSES, ingress("empty", rules=[]))
    assert shop.reasons("empty") == {Reason.ROUTE_WITHOUT_BACKEND}
