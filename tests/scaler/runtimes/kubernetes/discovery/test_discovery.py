from scaler.requests import Requests
from scaler.runtimes.kubernetes.discovery.found import Reason
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.objects.probe import HttpGet, TcpSocket
from scaler.runtimes.kubernetes.objects.workload import Ref
from tests.scaler.runtimes.kubernetes.cluster_objects import (
    AUTOSCALERS,
    DEPLOYMENTS,
    INGRESSES,
    NAMESPACES,
    ROLLOUTS,
    SCALED_OBJECTS,
    SERVICES,
    SLICES,
    STATEFULSETS,
    annotated,
    backend,
    deployment,
    ingress,
    meta,
    namespace,
    opted_in_namespace,
    path,
    rule,
    service,
)
from tests.scaler.runtimes.kubernetes.discovery.conftest import Cluster
from torpor.schedule import NEVER
from torpor.words import Mode


def test_a_route_leads_through_the_service_to_the_workload_in_whatever_order_they_come(cluster: Cluster) -> None:
    objects = [(INGRESSES, ingress()), (SERVICES, service()), (DEPLOYMENTS, deployment(replicas=0))]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        for at in order:
            kind, source = objects[at]
            cluster.put(kind, source)
        assert cluster.routes("shop/web") == {"": ("web.example",)}
        assert cluster.apps["shop/web"].doors[0].port == "http"
        for kind, _ in objects:
            cluster.remove(kind, "shop", "web")
        assert not cluster.apps
        assert not list(cluster.problems)


def test_only_what_opts_in_is_managed(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment("a", managed=None))
    cluster.put(DEPLOYMENTS, deployment("b", managed="true"))
    cluster.put(DEPLOYMENTS, deployment("c", managed="false"))
    assert set(cluster.apps) == {"shop/b"}
    assert cluster.put(NAMESPACES, opted_in_namespace()) == {"shop/a"}
    assert set(cluster.apps) == {"shop/a", "shop/b"}
    assert cluster.put(NAMESPACES, namespace()) == {"shop/a"}
    assert cluster.put(NAMESPACES, opted_in_namespace()) == {"shop/a"}
    assert cluster.remove(NAMESPACES, "", "shop") == {"shop/a"}
    assert set(cluster.apps) == {"shop/b"}


def test_a_label_that_is_neither_true_nor_false_is_reported_and_counts_as_none(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment(managed="yes"))
    assert not cluster.apps
    assert cluster.reasons() == {Reason.BAD_ANNOTATION}


def test_a_change_says_which_apps_have_changed_and_the_same_again_is_none(cluster: Cluster) -> None:
    assert cluster.put(DEPLOYMENTS, deployment()) == {"shop/web"}
    assert cluster.put(DEPLOYMENTS, deployment()) == set()
    assert cluster.put(DEPLOYMENTS, deployment(version="2")) == {"shop/web"}
    assert cluster.apps["shop/web"].workload is not None
    assert cluster.apps["shop/web"].workload.resource_version == "2"
    assert cluster.put(SERVICES, service()) == set()
    assert cluster.put(INGRESSES, ingress()) == {"shop/web"}
    assert cluster.put(SERVICES, service(ports=[{"port": 80, "targetPort": 9}])) == {"shop/web"}
    assert cluster.apps["shop/web"].doors[0].port == 9


def test_a_listing_replaces_what_was_known_of_its_kind(cluster: Cluster) -> None:
    cluster.replace(DEPLOYMENTS, [deployment("a"), deployment("b"), {"metadata": {"name": 5}}])
    assert cluster.reasons() >= {Reason.MALFORMED}
    assert cluster.replace(DEPLOYMENTS, [deployment("b"), deployment("c")]) == {"shop/a", "shop/c"}
    assert set(cluster.apps) == {"shop/b", "shop/c"}
    assert Reason.MALFORMED not in cluster.reasons()


def test_a_listing_of_one_namespace_says_nothing_of_the_others(cluster: Cluster) -> None:
    cluster.replace(DEPLOYMENTS, [deployment("a"), deployment("b")], "shop")
    assert cluster.replace(DEPLOYMENTS, [deployment("a", "edge")], "edge") == {"edge/a"}
    assert cluster.replace(DEPLOYMENTS, [deployment("b")], "shop") == {"shop/a"}
    assert set(cluster.apps) == {"shop/b", "edge/a"}


def test_one_ingress_leads_to_several_workloads_and_several_services_to_one(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment("a", ports=[{"containerPort": 8080}, {"containerPort": 9090, "name": "admin"}]))
    cluster.put(DEPLOYMENTS, deployment("b"))
    cluster.put(SERVICES, service("a", ports=[{"port": 80, "targetPort": 8080}]))
    cluster.put(SERVICES, service("a-admin", selector={"app": "a"}, ports=[{"port": 80, "targetPort": "admin"}]))
    cluster.put(SERVICES, service("b", clusterIP="None", ports=[{"port": 80, "name": "web", "targetPort": "http"}]))
    rules = [
        rule("a.example", path(backend("a-admin"), "/admin"), path(backend("a"))),
        rule("b.example", path(backend("b", "web"))),
    ]
    cluster.put(INGRESSES, ingress(rules=rules))
    assert cluster.routes("shop/a") == {"": ("a.example",), "admin": ("a.example/admin",)}
    assert cluster.routes("shop/b") == {"": ("b.example",)}
    assert cluster.apps["shop/a"].spec.doors == {"": ("a.example",), "admin": ("a.example/admin",)}


def test_a_headless_service_without_ports_means_the_pods_own(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment())
    cluster.put(SERVICES, service(clusterIP="None", ports=[]))
    cluster.put(INGRESSES, ingress(rules=[rule("web.example", path(backend(port=8081)))]))
    assert cluster.apps["shop/web"].doors[0].port == 8081
    assert not cluster.reasons()


def test_stateful_sets_and_whatever_has_a_scale_are_workloads_too(cluster: Cluster) -> None:
    cluster.put(STATEFULSETS, deployment("db"))
    rollout = {
        "metadata": meta("canary", labels={"torpor.dev/managed": "true"}),
        "spec": {"workloadRef": {"kind": "Deployment", "name": "other"}},
        "status": {"selector": "app=canary"},
    }
    cluster.put(ROLLOUTS, rollout)
    cluster.put(SERVICES, service("canary", ports=[{"port": 80, "targetPort": 8080}]))
    cluster.put(INGRESSES, ingress(rules=[rule("c.example", path(backend("canary")))]))
    assert set(cluster.apps) == {"shop/db", "shop/canary"}
    assert cluster.routes("shop/canary") == {"": ("c.example",)}
    assert Reason.NO_PODS in cluster.notes()


def test_of_two_workloads_with_one_name_the_deployment_is_the_app(cluster: Cluster) -> None:
    cluster.put(SERVICES, service())
    cluster.put(INGRESSES, ingress())
    cluster.put(STATEFULSETS, deployment(labels={"app": "set"}))
    assert cluster.apps["shop/web"].workload is not None
    assert cluster.apps["shop/web"].workload.ref.kind == "StatefulSet"
    assert cluster.put(DEPLOYMENTS, deployment()) == {"shop/web", "shop/service~web"}
    assert cluster.apps["shop/web"].workload.ref.kind == "Deployment"
    assert Reason.SAME_NAME in cluster.reasons()
    assert cluster.routes("shop/web") == {"": ("web.example",)}
    cluster.remove(DEPLOYMENTS, "shop", "web")
    assert cluster.apps["shop/web"].workload.ref.kind == "StatefulSet"
    assert Reason.SAME_NAME not in cluster.reasons()


def test_the_same_object_in_another_version_of_its_kind_is_still_one(cluster: Cluster) -> None:
    cluster.put(ROLLOUTS, deployment())
    cluster.put(ROLLOUTS._replace(version="v1"), deployment())
    assert len(cluster.apps) == 1
    assert cluster.remove(ROLLOUTS, "shop", "web") == {"shop/web"}
    assert not cluster.apps


def test_a_challenge_of_cert_manager_reaches_its_solver_and_not_the_app(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment(replicas=0))
    cluster.put(SERVICES, service())
    cluster.put(INGRESSES, ingress())
    solver = "cm-acme-http-solver-x7k2p"
    challenge = "/.well-known/acme-challenge/tOkEn-1_2"
    before = cluster.apps["shop/web"]
    selector = {"acme.cert-manager.io/http01-solver": "true", "acme.cert-manager.io/http-domain": "1"}
    cluster.put(
        SERVICES, service(solver, selector=selector, type="NodePort", ports=[{"port": 8089, "targetPort": 8089}])
    )
    rules = [rule("web.example", path(backend(solver, 8089), challenge, "ImplementationSpecific"))]
    one = ingress(solver, rules=rules, class_name=None)
    one["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "torpor"}
    assert cluster.put(INGRESSES, one) == {f"shop/service~{solver}"}
    found = cluster.apps[f"shop/service~{solver}"]
    assert found.workload is None
    assert not found.spec.managed
    assert found.spec.idle_timeout == 0
    assert found.selector is not None
    assert found.selector.matches({**selector, "acme.cert-manager.io/http-token": "2"})
    assert found.doors[0].port == 8089
    assert found.doors[0].routes == (f"web.example{challenge}",)
    assert cluster.apps["shop/web"] == before
    assert not cluster.reasons()
    assert Reason.ROUTE_WITHOUT_WORKLOAD not in cluster.notes()
    assert cluster.remove(INGRESSES, "shop", solver) == {f"shop/service~{solver}"}


def test_a_workload_that_is_not_managed_is_forwarded_to(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment(managed=None))
    cluster.put(SERVICES, service())
    cluster.put(INGRESSES, ingress())
    assert cluster.routes("shop/service~web") == {"": ("web.example",)}
    assert cluster.apps["shop/service~web"].selector is not None
    assert cluster.put(DEPLOYMENTS, deployment()) == {"shop/web", "shop/service~web"}
    assert set(cluster.apps) == {"shop/web"}


def test_a_service_without_a_selector_leads_to_the_addresses_of_its_slices(cluster: Cluster) -> None:
    cluster.put(SERVICES, service(selector={}, ports=[{"port": 80, "name": "web", "targetPort": 9376}]))
    cluster.put(INGRESSES, ingress())
    assert cluster.reasons() == {Reason.NO_ENDPOINTS}
    one = {
        "metadata": meta("web-1", labels={"kubernetes.io/service-name": "web"}),
        "ports": [{"name": "web", "port": 9376, "protocol": "TCP"}, {"name": "x", "port": 1}],
        "endpoints": [{"addresses": ["10.9.0.4"]}, {"addresses": ["127.0.0.1"]}, {"addresses": ["169.254.169.254"]}],
    }
    assert cluster.put(SLICES, one) == {"shop/service~web"}
    backing = cluster.apps["shop/service~web"].backing
    assert backing is not None
    assert backing.selector is None
    assert {key: [str(a) for a in addresses] for key, addresses in backing.addresses.items()} == {"": ["10.9.0.4:9376"]}
    assert not cluster.reasons()
    assert cluster.remove(SLICES, "shop", "web-1") == {"shop/service~web"}


def test_a_missing_service_or_port_is_reported_and_its_route_leads_nowhere_rather_than_elsewhere(
    cluster: Cluster,
) -> None:
    cluster.put(DEPLOYMENTS, deployment())
    cluster.put(SERVICES, service())
    paths = (path(), path(backend("gone"), "/gone"), path(backend("web", 81), "/port"))
    cluster.put(INGRESSES, ingress(rules=[rule("web.example", *paths)]))
    assert cluster.routes("shop/web") == {"": ("web.example",)}
    for name, route in (("gone", "web.example/gone"), ("web", "web.example/port")):
        found = cluster.apps[f"shop/service~{name}"]
        assert found.doors[0].routes == (route,)
        assert found.selector is None
        assert not any(found.backing.addresses.values()) if found.backing else False
    assert cluster.reasons() == {Reason.SERVICE_MISSING, Reason.PORT_MISSING}
    cluster.put(SERVICES, service("gone"))
    assert cluster.reasons() == {Reason.PORT_MISSING}
    assert Reason.ROUTE_WITHOUT_WORKLOAD in cluster.notes()


def test_an_external_name_is_reported(cluster: Cluster) -> None:
    cluster.put(SERVICES, service(type="ExternalName", externalName="elsewhere.example"))
    cluster.put(INGRESSES, ingress())
    assert cluster.reasons() == {Reason.EXTERNAL_NAME}
    assert cluster.apps["shop/service~web"].selector is None


def test_two_managed_workloads_behind_one_service_share_the_visits_by_their_replicas(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment("stable", labels={"app": "web", "track": "stable"}, replicas=9))
    cluster.put(
        DEPLOYMENTS,
        deployment("canary", labels={"app": "web", "track": "canary"}, replicas=0, annotations=annotated(replicas="2")),
    )
    cluster.put(SERVICES, service(selector={"app": "web"}))
    cluster.put(INGRESSES, ingress())
    assert cluster.routes("shop/stable") == {"": ("web.example @9",)}
    assert cluster.routes("shop/canary") == {"": ("web.example @2",)}
    assert Reason.TWO_WORKLOADS in cluster.reasons()
    more = deployment("stable", labels={"app": "web", "track": "stable"}, replicas=5)
    assert cluster.put(DEPLOYMENTS, more) == {"shop/stable"}
    assert cluster.routes("shop/stable") == {"": ("web.example @5",)}
    opted_out = deployment("canary", labels={"app": "web", "track": "canary"}, managed="false")
    assert cluster.put(DEPLOYMENTS, opted_out) == {"shop/stable", "shop/canary"}
    assert cluster.routes("shop/stable") == {"": ("web.example",)}
    assert Reason.TWO_WORKLOADS not in cluster.reasons()
    assert Reason.TWO_WORKLOADS in cluster.notes()


def test_the_hosts_annotation_leads_to_the_port_that_the_workload_means(cluster: Cluster) -> None:
    probe = {"httpGet": {"port": 9000, "path": "/up"}}
    hosts = annotated(hosts="a.example, *.b.example/docs")
    assert cluster.put(DEPLOYMENTS, deployment(annotations=hosts, probe=probe)) == {"shop/web"}
    assert cluster.routes("shop/web") == {"": ("*.b.example/docs", "a.example")}
    assert cluster.apps["shop/web"].doors[0].port == 9000
    cluster.put(DEPLOYMENTS, deployment(annotations=hosts))
    assert cluster.apps["shop/web"].doors[0].port == "http"
    cluster.put(DEPLOYMENTS, deployment())
    assert cluster.routes("shop/web") == {"": ()}
    assert Reason.WORKLOAD_WITHOUT_ROUTE in cluster.reasons()


def test_a_route_of_two_apps_is_the_elders_and_the_others_when_it_goes(cluster: Cluster) -> None:
    old = deployment("old", annotations=annotated(hosts="web.example"), created="2025-01-01T00:00:00Z")
    cluster.put(DEPLOYMENTS, deployment())
    cluster.put(SERVICES, service())
    cluster.put(INGRESSES, ingress())
    assert cluster.put(DEPLOYMENTS, old) == {"shop/old", "shop/web"}
    assert cluster.routes("shop/old") == {"": ("web.example",)}
    assert cluster.routes("shop/web") == {"": ()}
    assert [problem.about.kind for problem in cluster.problems if problem.reason is Reason.ROUTE_CONFLICT] == [
        "Ingress"
    ]
    assert cluster.remove(DEPLOYMENTS, "shop", "old") == {"shop/old", "shop/web"}
    assert cluster.routes("shop/web") == {"": ("web.example",)}
    assert not cluster.reasons()


def test_annotations_set_the_app_and_a_bad_one_leaves_the_default(cluster: Cluster) -> None:
    annotations = annotated(idle_timeout="30s", hold="soon", page="never", ready_path="/ready", replicas="3")
    cluster.put(DEPLOYMENTS, deployment(annotations=annotations, probe={"tcpSocket": {"port": 8080}}))
    found = cluster.apps["shop/web"]
    assert found.spec.idle_timeout == 30
    assert found.spec.policy.hold == 10
    assert found.spec.policy.page == "never"
    assert found.probe == HttpGet(8080, "/ready") or found.probe == HttpGet("http", "/ready")
    assert found.workload is not None
    assert found.workload.probe == TcpSocket(8080)
    assert found.workload.remembered.replicas == 3
    (bad,) = (problem for problem in cluster.problems if problem.reason is Reason.BAD_ANNOTATION)
    assert "torpor.dev/hold: 'soon' is not a duration; allowed is" in bad.message


def test_needs_are_apps_that_are_there_and_circles_are_broken(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment("a", annotations=annotated(needs="b, other/c")))
    assert cluster.apps["shop/a"].spec.needs == ()
    assert Reason.NEED_MISSING in cluster.reasons("a")
    assert cluster.put(DEPLOYMENTS, deployment("b")) == {"shop/a", "shop/b"}
    assert cluster.put(DEPLOYMENTS, deployment("c", "other")) == {"shop/a", "other/c"}
    assert cluster.apps["shop/a"].spec.needs == ("shop/b", "other/c")
    assert Reason.WORKLOAD_WITHOUT_ROUTE not in cluster.reasons("b")
    back = deployment("c", "other", annotations=annotated(needs="shop/a"))
    assert cluster.put(DEPLOYMENTS, back) == {"shop/a", "other/c"}
    assert cluster.apps["shop/a"].spec.needs == ("shop/b",)
    assert cluster.apps["other/c"].spec.needs == ()
    assert Reason.NEED_CIRCLE in cluster.reasons("a") & cluster.reasons("c")
    assert cluster.put(DEPLOYMENTS, deployment("c", "other")) == {"shop/a", "other/c"}
    assert cluster.apps["shop/a"].spec.needs == ("shop/b", "other/c")
    assert cluster.remove(DEPLOYMENTS, "shop", "b") == {"shop/a", "shop/b"}
    assert cluster.apps["shop/a"].spec.needs == ("other/c",)


def test_others_who_scale_are_found(cluster: Cluster) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    cluster.put(DEPLOYMENTS, deployment())
    hpa = {"metadata": meta("web"), "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 5}}
    assert cluster.put(AUTOSCALERS, hpa) == {"shop/web"}
    autoscaler = cluster.apps["shop/web"].autoscaler
    assert autoscaler is not None
    assert [autoscaler.clamp(count) for count in (1, 3, 9)] == [2, 3, 5]
    assert Reason.AUTOSCALER in cluster.notes()
    cluster.put(SCALED_OBJECTS, {"metadata": meta("web"), "spec": {"scaleTargetRef": {"name": "web"}}})
    assert Reason.KEDA in cluster.reasons()
    assert cluster.remove(AUTOSCALERS, "shop", "web") == {"shop/web"}
    cluster.remove(SCALED_OBJECTS, "shop", "web")
    assert Reason.KEDA not in cluster.reasons()
    assert cluster.apps["shop/web"].autoscaler is None


def test_a_pod_is_told_to_the_apps_that_select_it(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment())
    cluster.put(DEPLOYMENTS, deployment("api"))
    assert cluster.selecting("shop", {"app": "web", "pod-template-hash": "x"}) == ["shop/web"]
    assert cluster.selecting("other", {"app": "web"}) == []
    cluster.remove(DEPLOYMENTS, "shop", "web")
    assert cluster.selecting("shop", {"app": "web"}) == []


def test_what_is_new_is_told_once(cluster: Cluster) -> None:
    cluster.put(INGRESSES, ingress())
    assert [problem.reason for problem in cluster.news()] == [Reason.SERVICE_MISSING]
    assert cluster.news() == ()
    cluster.put(SERVICES, service())
    cluster.remove(SERVICES, "shop", "web")
    assert [problem.reason for problem in cluster.news()] == [Reason.SERVICE_MISSING]


def test_two_thousand_hosts_on_one_ingress_and_a_large_annotation_are_no_trouble(cluster: Cluster) -> None:
    cluster.put(DEPLOYMENTS, deployment(annotations=annotated(hosts="x" * 1_000_000, idle_timeout="9" * 1_000_000)))
    cluster.put(SERVICES, service())
    hosts = [rule(f"h{at}.example") for at in range(2000)]
    missing = [rule(f"m{at}.example", path(backend(f"gone-{at}"))) for at in range(2000)]
    assert "shop/web" in cluster.put(INGRESSES, ingress(rules=[*hosts, *missing, {}, {"host": "a b"}]))
    assert len(cluster.apps["shop/web"].doors[0].routes) == 2000
    problems = cluster.problems_of(Ref("networking.k8s.io", "v1", "ingresses", "Ingress", "shop", "web"))
    assert len(problems) == 20
    assert problems[-1].reason is Reason.MORE
    assert all(len(problem.message) < 1000 for problem in cluster.problems)
    assert "1000000 characters" in " ".join(problem.message for problem in cluster.problems)


def test_requests_hours_mode_and_team_are_those_of_the_workload() -> None:
    cluster = Cluster(Serve(), Defaults(mode=Mode.SHADOW, team_label="example/team"))
    source = deployment(annotations=annotated(keep_awake="08:00-18:00 UTC"), labels={"example/team": "not the pods'"})
    source["metadata"]["labels"]["example/team"] = "shop"
    source["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1", "memory": "1Ki"}}
    cluster.put(DEPLOYMENTS, source)
    spec = cluster.apps["shop/web"].spec
    assert (spec.requests, spec.shadow, spec.team) == (Requests(1000, 1024), True, "shop")
    assert spec.keep_awake.written == "08:00-18:00 UTC"
    cluster.put(DEPLOYMENTS, deployment(annotations=annotated(mode="sleep")))
    spec = cluster.apps["shop/web"].spec
    assert (spec.shadow, spec.team, spec.keep_awake) == (False, "", NEVER)
