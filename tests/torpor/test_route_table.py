from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torpor.route_table import RouteTable
from torpor.routes import Route, parse_route


def table(*routes: str) -> RouteTable[str]:
    return RouteTable((parse_route(route), route) for route in routes)


def test_an_exact_host_goes_before_a_wildcard_and_a_longer_wildcard_before_a_shorter() -> None:
    routes = table("*.example", "*.b.example", "a.b.example")
    assert routes.find("a.b.example", "/") == "a.b.example"
    assert routes.find("c.b.example", "/") == "*.b.example"
    assert routes.find("x.y.b.example", "/") == "*.b.example"
    assert routes.find("c.example", "/") == "*.example"
    assert routes.find("example", "/") is None


def test_a_wildcard_of_one_label_goes_before_one_of_several_and_any_host_comes_last() -> None:
    routes = table("*", "*.example", "?.example", "*/docs")
    assert routes.find("a.example", "/") == "?.example"
    assert routes.find("a.b.example", "/") == "*.example"
    assert routes.find("example", "/") == "*"
    assert routes.find("10.0.0.1", "/docs") == "*/docs"
    assert table("?.example").find("a.b.example", "/") is None
    assert table("?.example").find("example", "/") is None


def test_the_longest_path_prefix_wins_and_matches_whole_segments_only() -> None:
    routes = table("h/docs", "h/docs/api", "h")
    assert routes.find("h", "/docs/api/1?x") == "h/docs/api"
    assert routes.find("h", "/docs?x=1") == "h/docs"
    assert routes.find("h", "/docsify") == "h"
    assert table("h/docs").find("h", "/docsify") is None


def test_an_exact_path_matches_itself_only_and_goes_before_the_prefix() -> None:
    routes = table("h", "h/docs", "=h/docs", "=h/")
    assert routes.find("h", "/docs") == "=h/docs"
    assert routes.find("h", "/docs?x=/y") == "=h/docs"
    assert routes.find("h", "/docs/") == "h/docs"
    assert routes.find("h", "/docs/x") == "h/docs"
    assert routes.find("h", "/?") == "=h/"
    assert routes.find("h", "/x") == "h"
    assert table("=h/docs/").find("h", "/docs") is None


def test_all_headers_of_a_match_are_wanted_and_more_go_before_fewer() -> None:
    routes = table("h", "h [a=1]", "h [a=1] [b=2]", "h/x")

    def find(path: str = "/", **headers: str) -> str | None:
        return routes.find("h", path, headers.get)

    assert find() == find(b="2") == find(a="2") == "h"
    assert find(a="1") == find(a="1", b="3") == "h [a=1]"
    assert find(a="1", b="2") == "h [a=1] [b=2]"
    assert find("/x", a="1") == "h/x", "a longer path goes before"
    assert routes.find("h", "/") == "h", "nothing is known of headers"


def test_without_the_headers_a_visit_goes_on_to_shorter_paths_and_wildcards() -> None:
    routes = table("a.h/x/y [a=1]", "a.h/x", "*.h [a=1]", "*")
    assert routes.find("a.h", "/x/y", {}.get) == "a.h/x"
    assert routes.find("a.h", "/", {}.get) == "*"
    assert routes.find("a.h", "/", {"a": "1"}.get) == "*.h [a=1]"


def test_every_header_that_decides_is_asked_for() -> None:
    asked = []
    table("h/x [c=1] [d=1]", "h/x [a=1]", "h/x", "h [e=1]").find("h", "/x", asked.append)
    assert asked == ["c", "d", "a"]


def test_visits_are_shared_by_weight_and_none_goes_where_that_is_0() -> None:
    routes = table("h @30", "h @10", "h @0")
    found = Counter(routes.find("h", "/") for _ in range(4000))
    assert found.keys() == {"h @30", "h @10"}
    assert 2700 < found["h @30"] < 3300
    assert table("h/x @0", "h").find("h", "/x") is None, "nobody's, and not the shorter prefix's"


def test_who_was_chosen_before_stays_so_while_there_is_a_share() -> None:
    routes = table("h @1", "h @1000000", "h @0", "g")
    assert {routes.find("h", "/", chosen="h @1") for _ in range(100)} == {"h @1"}
    assert routes.find("h", "/", chosen="h @0") != "h @0"
    assert routes.find("g", "/", chosen="h @1") == "g"


def test_of_two_equal_routes_the_first_stays_and_a_removed_one_is_gone() -> None:
    routes: RouteTable[str] = RouteTable([(Route("h", ""), "one"), (Route("h", ""), "two")])
    assert routes.find("h", "/") == "one"
    routes.remove(Route("h", ""), "two")
    assert routes.find("h", "/") == "one"
    routes.remove(Route("h", ""), "one")
    assert routes.find("h", "/") is None
    assert not routes._by_host


@pytest.mark.parametrize(("first", "second"), [("h", "h @1"), ("h @1", "h")])
def test_a_route_with_a_weight_and_one_without_do_not_mix(first: str, second: str) -> None:
    routes: RouteTable[str] = RouteTable()
    assert routes.add(parse_route(first), first)
    assert not routes.add(parse_route(second), second)
    assert {routes.find("h", "/") for _ in range(20)} == {first}


LABELS = ["a", "b", "c"]
hosts = st.lists(st.sampled_from(LABELS), min_size=1, max_size=3).map(".".join)
route_hosts = st.builds(str.__add__, st.sampled_from(["", "", "*.", "?."]), hosts) | st.just("*")
paths = st.lists(st.sampled_from(["x", "y", ""]), max_size=3).map(lambda words: "".join(f"/{word}" for word in words))
headers = st.dictionaries(st.sampled_from(["k", "l"]), st.sampled_from(["1", "2"]), max_size=2)
routes = st.builds(
    lambda host, path, exact, headers: parse_route(str(Route(host, path, exact, tuple(headers.items())))),
    *(route_hosts, paths, st.booleans(), headers),
)


def matches(route: Route, host: str, path: str, headers: Mapping[str, str]) -> bool:
    labels, wanted = host.split("."), route.host.split(".")
    if wanted[0] == "?":
        host_fits = labels[1:] == wanted[1:]
    elif wanted[0] == "*":
        host_fits = len(labels) >= len(wanted) and labels[len(labels) - len(wanted) + 1 :] == wanted[1:]
    else:
        host_fits = labels == wanted
    path_fits = path == route.path if route.exact else f"{path}/".startswith(f"{route.path}/")
    return host_fits and path_fits and headers.items() >= dict(route.headers).items()


def rank(route: Route) -> tuple[object, ...]:
    """What is smaller goes before."""
    wild = route.host[0] in "*?"
    kind = (wild, -route.host.count(".") if wild else 0, route.host[0] == "*")
    return *kind, -len(route.path), not route.exact, -len(route.headers), route.headers


@given(st.lists(routes, unique=True, max_size=12), hosts, paths, headers)
def test_the_table_finds_what_a_plain_search_finds(
    known: list[Route], host: str, path: str, headers: dict[str, str]
) -> None:
    found = RouteTable((route, route) for route in known).find(host, f"{path or '/'}?q=/x", headers.get)
    fits = [route for route in known if matches(route, host, path or "/", headers)]
    assert found == min(fits, key=rank, default=None)


@given(st.lists(routes, unique=True, max_size=8), st.lists(routes, unique=True, max_size=8), hosts, paths, headers)
def test_what_is_taken_back_leaves_no_trace(
    known: list[Route], more: list[Route], host: str, path: str, headers: dict[str, str]
) -> None:
    table = RouteTable((route, route) for route in [*more, *known])
    for route in set(more) - set(known):
        table.remove(route, route)
    assert table.find(host, path, headers.get) == RouteTable((r, r) for r in known).find(host, path, headers.get)
    for route in known:
        table.remove(route, route)
    assert not table._by_host
