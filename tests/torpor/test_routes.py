import pytest
from hypothesis import given
from hypothesis import strategies as st

from torpor.routes import Route, RouteTable, normalise_host, parse_route


def table(*routes: str) -> RouteTable[str]:
    return RouteTable((parse_route(route), route) for route in routes)


def test_a_route_is_normalised() -> None:
    assert parse_route("Notes.LocalHost./docs/") == Route("notes.localhost", "/docs")
    assert parse_route("bücher.example") == Route("xn--bcher-kva.example", "")


@pytest.mark.parametrize(
    "text", ["", "a b", "a..b", "*", "*.", "a.*.b", "a/b?c", "-a", "a" * 64, "a/\nb", "*a.b", "a/*"]
)
def test_what_is_not_a_route_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a route"):
        parse_route(text)


def test_an_exact_host_goes_before_a_wildcard_and_a_longer_wildcard_before_a_shorter() -> None:
    routes = table("*.example", "*.b.example", "a.b.example")
    assert routes.find("a.b.example", "/") == "a.b.example"
    assert routes.find("c.b.example", "/") == "*.b.example"
    assert routes.find("x.y.b.example", "/") == "*.b.example"
    assert routes.find("c.example", "/") == "*.example"
    assert routes.find("example", "/") is None


def test_the_longest_path_prefix_wins_and_matches_whole_segments_only() -> None:
    routes = table("h/docs", "h/docs/api", "h")
    assert routes.find("h", "/docs/api/1?x") == "h/docs/api"
    assert routes.find("h", "/docs?x=1") == "h/docs"
    assert routes.find("h", "/docsify") == "h"
    assert table("h/docs").find("h", "/docsify") is None


def test_an_exact_host_without_the_path_falls_back_to_a_wildcard() -> None:
    assert table("a.example/docs", "*.example").find("a.example", "/else") == "*.example"


def test_of_two_equal_routes_the_first_stays_and_a_removed_one_is_gone() -> None:
    routes: RouteTable[str] = RouteTable([(Route("h", ""), "one"), (Route("h", ""), "two")])
    assert routes.find("h", "/") == "one"
    routes.remove(Route("h", ""), "two")
    assert routes.find("h", "/") == "one"
    routes.remove(Route("h", ""), "one")
    assert routes.find("h", "/") is None


@given(st.text(max_size=40))
def test_any_authority_can_be_normalised_and_looked_up(authority: str) -> None:
    table("h", "*.h").find(normalise_host(authority), "/")


def test_ports_trailing_dots_and_case_do_not_matter() -> None:
    assert normalise_host("Notes.Localhost.:8080") == "notes.localhost"
    assert normalise_host("[::1]:80") == "[::1]"
