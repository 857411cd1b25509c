import pytest

from scaler.runtimes.kubernetes.objects.ingress import HostRule, NoBackend, PathRule, read_ingress
from scaler.runtimes.kubernetes.objects.reading import Malformed
from scaler.runtimes.kubernetes.objects.service import Backend
from tests.scaler.runtimes.kubernetes.cluster_objects import INGRESSES, Json, backend, ingress, path, rule


def test_rules_paths_and_backends_are_read() -> None:
    source = ingress(rules=[rule("h", path(backend("a", "web"), "/a", "Exact")), rule(None)], defaultBackend=backend())
    one = read_ingress(INGRESSES, source)
    assert one.class_name == "torpor"
    assert one.default == Backend("shop", "web", 80)
    assert one.rules == (
        HostRule("h", (PathRule("/a", True, Backend("shop", "a", "web")),)),
        HostRule("", (PathRule("/", False, Backend("shop", "web", 80)),)),
    )


def test_the_class_may_be_an_annotation() -> None:
    source = ingress(class_name=None)
    assert read_ingress(INGRESSES, source).class_name is None
    source["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "nginx"}
    assert read_ingress(INGRESSES, source).class_name == "nginx"


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({}, "no Service and port"),
        ({"service": {"name": "a"}}, "no Service and port"),
        ({"service": {"name": "a", "port": {"number": 0}}}, "no Service and port"),
        ({"resource": {"kind": "Bucket", "name": "b"}}, "the Bucket b"),
    ],
)
def test_a_backend_that_is_no_services_port_is_told_in_words(written: Json, what: str) -> None:
    assert read_ingress(INGRESSES, ingress(rules=[], defaultBackend=written)).default == NoBackend(what)


@pytest.mark.parametrize("rules", ["all", [5], [{"host": 5}], [{"http": {"paths": {}}}], [rule("h", {"path": 5})]])
def test_a_rule_of_another_shape_never_comes_to_mean_any_host(rules: object) -> None:
    with pytest.raises(Malformed):
        read_ingress(INGRESSES, {"metadata": ingress()["metadata"], "spec": {"rules": rules}})
