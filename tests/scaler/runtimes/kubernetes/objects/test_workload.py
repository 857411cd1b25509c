import pytest

from scaler.runtimes.kubernetes.objects.reading import Malformed, Ref
from scaler.runtimes.kubernetes.objects.workload import Workload, read_workload
from tests.scaler.runtimes.kubernetes.cluster_objects import DEPLOYMENTS, ROLLOUTS, Json, deployment, meta

OTHERS = {"apiVersion": "apps/v1", "operation": "Update", "fieldsType": "FieldsV1"}


def read(source: Json) -> Workload:
    return read_workload(DEPLOYMENTS, source)


def test_a_deployment_is_read() -> None:
    source = deployment(replicas=3, version="77", annotations={"torpor.dev/hold": "1s", "x": "y"})
    workload = read(source)
    assert workload.ref == Ref("apps", "v1", "deployments", "Deployment", "shop", "web")
    assert workload.app == "shop/web"
    assert workload.managed
    assert (workload.replicas, workload.up) == (3, True)
    assert workload.selector.matches({"app": "web"})
    assert workload.labels == {"app": "web"}
    assert workload.annotations == {"torpor.dev/hold": "1s"}
    assert workload.ports == {"http": 8080}
    assert workload.first_port == "http"
    assert workload.resource_version == "77"
    assert workload.managers == ()


def test_without_a_count_it_is_one_and_zero_is_down() -> None:
    source = deployment()
    del source["spec"]["replicas"]
    assert read(source).replicas == 1
    assert not read(deployment(replicas=0)).up


def test_its_namespace_opts_it_in_unless_it_says_no() -> None:
    def managed(label: str | None) -> bool:
        return read_workload(DEPLOYMENTS, deployment(managed=label), namespace_managed=True).managed

    assert managed(None)
    assert managed("true")
    assert not managed("false")


def test_field_managers_of_the_replicas_are_told_but_for_ourselves() -> None:
    replicas = {"f:spec": {"f:replicas": {}}}
    fields = [
        OTHERS | {"manager": "argocd-controller", "operation": "Apply", "fieldsV1": replicas},
        OTHERS | {"manager": "torpor", "subresource": "scale", "fieldsV1": replicas},
        OTHERS | {"manager": "kubectl", "fieldsV1": {"f:spec": {"f:template": {}}}},
    ]
    assert read(deployment(managedFields=fields)).managers == ("argocd-controller",)


def test_a_workload_of_another_kind_may_say_its_selector_in_its_status() -> None:
    source = {"metadata": meta("game"), "spec": {"replicas": 2}, "status": {"selector": "app=game,tier in (a)"}}
    workload = read_workload(ROLLOUTS, source)
    assert workload.selector.matches({"app": "game", "tier": "a"})
    assert workload.labels == {"app": "game"}


def test_ports_that_are_not_tcp_do_not_count() -> None:
    ports = [{"containerPort": 53, "protocol": "UDP", "name": "dns"}, {"containerPort": 80}]
    workload = read(deployment(ports=ports))
    assert workload.ports == {}
    assert workload.first_port == 80


@pytest.mark.parametrize("metadata", [None, {}, {"name": "web"}, {"name": 5, "namespace": "shop"}, {"name": "a/b"}])
def test_an_object_without_a_name_or_a_namespace_is_malformed(metadata: object) -> None:
    with pytest.raises(Malformed):
        read_workload(DEPLOYMENTS, {"metadata": metadata})
