import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from torpor.route_table import RouteTable
from torpor.routes import LONGEST, Place, Route, normalise_host, parse_prefix_route, parse_route

RICH = ("=h", "=h/x", "?.h", "*", "*/x", "h [a=b]", "h @3")


def test_a_route_is_normalised() -> None:
    assert parse_route("Notes.LocalHost./docs/") == Route("notes.localhost", "/docs")
    assert parse_route("bücher.example") == Route("xn--bcher-kva.example", "")


def test_an_exact_path_keeps_the_slash_at_its_end() -> None:
    assert parse_route("=H/docs/") == Route("h", "/docs/", exact=True)
    assert parse_route("=h/docs") == Route("h", "/docs", exact=True)
    assert parse_route("=h/a*b") == Route("h", "/a*b", exact=True)
    assert parse_route("=h") == parse_route("=h/") == Route("h", "/", exact=True)


def test_wildcards_stand_for_one_label_for_some_and_for_any_host() -> None:
    hosts = ["?.h.example", "*.h.example", "*"]
    assert [parse_route(f"{host}/docs").host for host in hosts] == hosts


def test_headers_are_in_order_with_names_in_lower_case_and_values_decoded() -> None:
    route = parse_route("h/x [X-Version=2] [env=b%20%5D%25c] @30")
    assert route == Route("h", "/x", False, (("env", "b ]%c"), ("x-version", "2")), 30)
    assert parse_route("h [a=1] [A=2]").headers == (("a", "1"),)
    assert parse_route("h @0").weight == 0
    assert route.place == Place("h", "/x", exact=False)


@pytest.mark.parametrize(
    "text", ["", "a b", "a..b", "*.", "a.*.b", "a/b?c", "-a", "a" * 64, "a/\nb", "*a.b", "a/*", "?", "?.", "?a", "=",
             "==a", "a @", "a @1000001", "a @1 @2", "a [x]", "a [=x]", "a [x=a b]", "a [x=]]", "a  @1", "*.*", "[x=a]"]
)  # fmt: skip
def test_what_is_not_a_route_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a route"):
        parse_route(text)


def test_a_route_is_bounded_in_length_and_headers() -> None:
    with pytest.raises(ValueError, match="4096"):
        parse_route("h/" + "x" * LONGEST)
    with pytest.raises(ValueError, match="16 headers, not 17"):
        parse_route("h" + "".join(f" [h{number}=x]" for number in range(17)))


@pytest.mark.parametrize("text", ["*", "?.h", "=h", "h [a=b]", "h @1", "h/*", "h?x"])
def test_torpor_yaml_has_hosts_and_path_prefixes_only(text: str) -> None:
    with pytest.raises(ValueError, match="not a route"):
        parse_prefix_route(text)
    assert parse_prefix_route("*.H/docs/ ") == Route("*.h", "/docs")


hosts = st.sampled_from(["h", "a.h", "*.h", "?.h", "*", "[::1]", "xn--bcher-kva.example"])
paths = st.lists(st.sampled_from(["a", "b", "%20", "é", "", "c;d<"]), max_size=3).map(
    lambda words: "".join(f"/{word}" for word in words)
)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
headers = st.dictionaries(st.sampled_from(["a", "b-c", "x_y"]), values, max_size=2)


@given(hosts, paths, st.booleans(), headers, st.none() | st.integers(0, 1_000_000))
@example("h", "/a//", False, {"a": "%]\n"}, 0)
def test_a_route_is_read_back_as_it_was_written(
    host: str, path: str, exact: bool, headers: dict[str, str], weight: int | None
) -> None:
    path = (path or "/") if exact else path.rstrip("/")
    route = Route(host, path, exact, tuple(sorted(headers.items())), weight)
    assert parse_route(str(route)) == route


@given(st.text(max_size=60) | st.lists(st.sampled_from("=*?.h/ []@a%0\0"), max_size=20).map("".join))
def test_any_text_is_a_route_or_refused_and_what_is_one_stays_so(text: str) -> None:
    try:
        route = parse_route(text)
    except ValueError:
        return
    assert parse_route(str(route)) == route


@given(st.text(max_size=40))
def test_any_authority_can_be_normalised_and_looked_up(authority: str) -> None:
    RouteTable((parse_route(route), route) for route in ("h", "*.h", *RICH)).find(normalise_host(authority), "/")


def test_ports_trailing_dots_and_case_do_not_matter() -> None:
    assert normalise_host("Notes.Localhost.:8080") == "notes.localhost"
    assert normalise_host("[::1]:80") == "[::1]"
