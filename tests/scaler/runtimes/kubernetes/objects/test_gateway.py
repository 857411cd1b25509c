from scaler.runtimes.kubernetes.objects.gateway import read_gateway
from tests.scaler.runtimes.kubernetes.cluster_objects import GATEWAYS, gateway


def test_a_listener_takes_routes_of_its_own_namespace_unless_it_says_otherwise() -> None:
    (listener,) = read_gateway(GATEWAYS, gateway(hostname="*.Example")).listeners
    assert (listener.name, listener.port, listener.hostname, listener.takes) == ("http", 80, "*.example", "Same")


def test_listeners_that_take_no_http_do_not_count() -> None:
    assert read_gateway(GATEWAYS, gateway(protocol="TCP")).listeners == ()
