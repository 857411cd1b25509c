import pytest

from scaler.runtimes.kubernetes.objects.reading import Malformed
from scaler.runtimes.kubernetes.objects.service import ServicePort, read_service
from tests.scaler.runtimes.kubernetes.cluster_objects import SERVICES, service


def test_a_port_is_found_by_its_number_and_by_its_name() -> None:
    ports = [{"port": 80, "name": "web", "targetPort": "http"}, {"port": 443, "name": "tls"}]
    one = read_service(SERVICES, service(ports=ports))
    assert one.port(80) == one.port("web") == ServicePort("web", 80, "http")
    assert one.port("tls") == ServicePort("tls", 443, 443)
    assert one.port(81) is one.port("http") is one.port(None) is None


def test_ports_that_are_not_tcp_do_not_count() -> None:
    assert read_service(SERVICES, service(ports=[{"port": 53, "protocol": "UDP"}])).ports == ()


def test_a_headless_service_without_ports_takes_any_number() -> None:
    one = read_service(SERVICES, service(clusterIP="None", ports=[]))
    assert one.port(8080) == ServicePort("", 8080, 8080)
    assert one.port("web") is None


def test_without_a_selector_somebody_else_says_where_it_leads() -> None:
    assert read_service(SERVICES, service(selector={})).selector is None
    outside = read_service(SERVICES, service(type="ExternalName", externalName="db.example"))
    assert (outside.selector, outside.external_name) == (None, "db.example")


def test_without_a_namespace_it_is_malformed() -> None:
    with pytest.raises(Malformed):
        read_service(SERVICES, {"metadata": {"name": "web"}})
