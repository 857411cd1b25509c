import pytest

from scaler.runtimes.kubernetes.objects.httproute import HttpMatch, Parent, Weighted, read_grant, read_httproute
from scaler.runtimes.kubernetes.objects.reading import Malformed
from scaler.runtimes.kubernetes.objects.service import Backend
from tests.scaler.runtimes.kubernetes.cluster_objects import GRANTS, HTTPROUTES, Json, httproute, meta


def test_what_is_not_said_is_as_the_specification_has_it() -> None:
    one = read_httproute(HTTPROUTES, httproute())
    assert one.parents == (Parent("shop", "front", "", None),)
    assert one.rules[0].matches == (HttpMatch("/", False),)
    assert one.rules[0].backends == (Weighted(Backend("shop", "web", 80), 1),)


def test_of_two_matches_on_one_header_the_first_counts() -> None:
    headers = [{"name": "X-A", "value": "1"}, {"name": "x-a", "value": "2"}]
    one = read_httproute(HTTPROUTES, httproute(rules=[{"matches": [{"headers": headers}]}]))
    assert one.rules[0].matches[0].headers == (("x-a", "1"),)


def test_what_is_no_gateway_is_nobodys_parent() -> None:
    parents = [{"name": "mesh", "kind": "Service", "group": ""}, {"name": "front", "namespace": "edge"}]
    assert read_httproute(HTTPROUTES, httproute(parentRefs=parents)).parents == (Parent("edge", "front", "", None),)


@pytest.mark.parametrize(
    "spec",
    [
        {"hostnames": "h.example"},
        {"hostnames": [5]},
        {"rules": [{"matches": [5]}]},
        {"rules": [{"matches": "all"}]},
        {"rules": [{"matches": [{"headers": {"a": "b"}}]}]},
        {"rules": [{"matches": [{"path": "/a"}]}]},
    ],
)
def test_a_match_of_another_shape_never_comes_to_mean_everything(spec: Json) -> None:
    with pytest.raises(Malformed):
        read_httproute(HTTPROUTES, {"metadata": meta("web"), "spec": spec})


def test_a_grant_is_for_some_services_or_for_all() -> None:
    origin = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "front"}
    others = {"group": "gateway.networking.k8s.io", "kind": "GRPCRoute", "namespace": "else"}
    spec = {"from": [origin, others], "to": [{"group": "", "kind": "Service", "name": "a"}, {"kind": "Secret"}]}
    one = read_grant(GRANTS, {"metadata": meta("g"), "spec": spec})
    assert (one.sources, one.services) == ({"front"}, {"a"})
    spec["to"] = [{"kind": "Service"}]
    assert read_grant(GRANTS, {"metadata": meta("g"), "spec": spec}).services is None
