from typing import Any

from scaler.runtimes.kubernetes.discovery.backing import backing_found, backing_id, backing_problems
from scaler.runtimes.kubernetes.discovery.behind import Behind
from scaler.runtimes.kubernetes.discovery.doors import Lead
from scaler.runtimes.kubernetes.discovery.found import Found, Reason
from scaler.runtimes.kubernetes.objects.service import Service, ServicePort, read_service
from tests.scaler.runtimes.kubernetes.cluster_objects import SERVICES, service
from torpor.link import Policy
from torpor.routes import parse_route

KEY = ("shop", "web")
HERE, LOST = parse_route("h.example"), parse_route("h.example/lost")


def found(one: Service | None, behind: Behind) -> Found | None:
    return backing_found(KEY, one, behind, [], Policy())


def read(**more: Any) -> Service:
    return read_service(SERVICES, service(**more))


def test_its_id_can_be_no_workloads_and_no_doors() -> None:
    assert backing_id(KEY) == "shop/service~web"


def test_without_routes_there_is_none() -> None:
    assert found(read(), Behind()) is None


def test_pods_of_no_managed_workload_are_forwarded_to() -> None:
    app = found(read(), Behind((Lead(HERE, 8080),)))
    assert app is not None
    assert app.selector is not None
    assert (app.spec.managed, app.doors[0].port) == (False, 8080)


def test_with_managed_workloads_only_what_leads_nowhere_is_left_to_it() -> None:
    behind = Behind((Lead(HERE, 8080),), apps={"shop/web": 1})
    assert found(read(), behind) is None
    app = found(read(), behind._replace(lost=(Lead(LOST, None),)))
    assert app is not None
    assert app.selector is None
    assert app.doors[0].routes == ("h.example/lost",)


def test_a_service_without_a_selector_and_addresses_is_reported() -> None:
    one, behind = read(selector={}), Behind((Lead(HERE, 80),), ports=(ServicePort("", 80, 80),))
    (told,) = backing_problems(one, behind, found(one, behind))
    assert told.reason is Reason.NO_ENDPOINTS
    assert backing_problems(None, behind, found(None, behind)) == []
