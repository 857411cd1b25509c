from scaler.runtimes.kubernetes.objects.endpoints import read_endpoint_slice
from tests.scaler.runtimes.kubernetes.cluster_objects import SLICES, Json, meta
from torpor.words import Address


def one(*endpoints: Json, by: str | None = None) -> Json:
    labels = {"kubernetes.io/service-name": "web"} | (
        {} if by is None else {"endpointslice.kubernetes.io/managed-by": by}
    )
    return {
        "metadata": meta("web-1", labels=labels),
        "ports": [{"name": "web", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}],
        "endpoints": list(endpoints),
    }


def test_addresses_are_told_by_the_name_of_the_port() -> None:
    read = read_endpoint_slice(SLICES, one({"addresses": ["10.0.0.1"]}, {"addresses": ["fd00::1"]}))
    assert read.service == "web"
    assert read.addresses == {"web": (Address("10.0.0.1", 80), Address("fd00::1", 80))}


def test_what_is_not_ready_and_what_is_nobodys_address_is_left_out() -> None:
    addresses = ["127.0.0.1", "::1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "example.com", "fe80::1"]
    endpoints = [{"addresses": [address]} for address in addresses]
    down = {"addresses": ["10.0.0.1"], "conditions": {"ready": False}}
    assert read_endpoint_slice(SLICES, one(*endpoints, down)).addresses == {"web": ()}


def test_the_controllers_own_slices_do_not_matter() -> None:
    written = one({"addresses": ["10.0.0.1"]}, by="endpointslice-controller.k8s.io")
    assert read_endpoint_slice(SLICES, written).service == ""
    assert read_endpoint_slice(SLICES, one(by="endpointslicemirroring-controller.k8s.io")).service == "web"
