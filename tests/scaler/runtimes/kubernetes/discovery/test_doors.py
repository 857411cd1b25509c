from scaler.runtimes.kubernetes.discovery.doors import Lead, home_port, make_doors
from scaler.runtimes.kubernetes.discovery.found import Door
from scaler.runtimes.kubernetes.objects.probe import Exec, HttpGet
from torpor.routes import parse_route

A, B = parse_route("a.example"), parse_route("b.example")


def test_an_app_means_the_port_of_its_probe_else_its_first() -> None:
    assert home_port(HttpGet("up"), 80) == "up"
    assert home_port(Exec(), 80) == home_port(None, 80) == 80


def test_without_routes_there_is_the_main_door_alone() -> None:
    assert make_doors([], 80, {}) == (Door("", 80),)
    assert make_doors([], None, {}) == (Door("", None),)


def test_the_door_at_home_is_the_main_one_whether_by_name_or_by_number() -> None:
    leads = [Lead(A, 9000), Lead(B, "http")]
    named = (Door("", "http", ("b.example",)), Door("9000", 9000, ("a.example",)))
    assert make_doors(leads, "http", {"http": 8080}) == named
    assert make_doors(leads, 8080, {"http": 8080}) == named
    assert make_doors([Lead(A, 8080), Lead(B, 1)], "http", {"http": 8080})[0].port == 8080
    assert make_doors([Lead(A, 8080), Lead(B, "http")], "http", {"http": 8080})[0].port == "http"


def test_nowhere_at_home_the_lowest_port_is_the_main_one() -> None:
    assert [door.key for door in make_doors([Lead(A, 90), Lead(B, 8)], None, {})] == ["", "90"]


def test_a_lead_without_a_port_leads_home() -> None:
    assert make_doors([Lead(A, None)], "http", {}) == (Door("", "http", ("a.example",)),)


def test_weights_of_one_route_to_one_door_add_up() -> None:
    leads = [Lead(A, 80, 3), Lead(A, 80, 4), Lead(B, 80, 3), Lead(B, 80)]
    assert make_doors(leads, None, {})[0].routes == ("a.example @7", "b.example")
