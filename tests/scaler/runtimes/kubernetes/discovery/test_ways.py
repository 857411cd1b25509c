import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.discovery.ways import make_way
from torpor.routes import parse_route


@pytest.mark.parametrize(
    ("host", "path", "exact", "labels", "text"),
    [
        ("Web.Example", "/", False, "*.", "web.example"),
        ("", "/docs/", False, "*.", "*/docs"),
        ("*.example", "/", False, "?.", "?.example"),
        ("*.example", "/up/", True, "*.", "=*.example/up/"),
        ("web.example", "/", True, "*.", "=web.example/"),
        ("web.example", "/api/*", False, "*.", "web.example/api"),
    ],
)
def test_host_and_path_become_a_route(host: str, path: str, exact: bool, labels: str, text: str) -> None:
    assert str(make_way(host, path, exact=exact, labels=labels)) == text


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("a b", "/"),
        ("*", "/"),
        ("?.a", "/"),
        ("*.*.a", "/"),
        ("a/b", "/"),
        ("=a", "/"),
        ("a", "b"),
        ("a", "/b?c"),
        ("a", "/b c"),
        ("a", "/b*c"),
        ("a", "/b\n"),
        ("a", "/" + "b" * 5000),
    ],
)
def test_what_is_neither_a_host_nor_a_path_is_refused(host: str, path: str) -> None:
    with pytest.raises(ValueError, match=r"is not a host|is not supported|is longer than"):
        make_way(host, path)


def test_headers_are_put_in_order_and_strange_names_refused() -> None:
    assert str(make_way("a", "/", headers=(("x", "2"), ("b", "] @1")))) == "a [b=%5D%20@1] [x=2]"
    with pytest.raises(ValueError, match="header"):
        make_way("a", "/", headers=(("x y", "2"),))


@given(
    st.text(max_size=12), st.text(max_size=12), st.booleans(), st.dictionaries(st.text(max_size=4), st.text(max_size=9))
)
def test_every_way_reads_as_the_route_that_it_is(host: str, path: str, exact: bool, headers: dict[str, str]) -> None:
    try:
        way = make_way(host, "/" + path, exact=exact, headers=tuple((k.lower(), v) for k, v in headers.items()))
    except ValueError:
        return
    assert parse_route(str(way._replace(weight=5))) == way._replace(weight=5)
