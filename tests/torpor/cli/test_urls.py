"""URLs to type into a browser."""

import pytest

from torpor.cli.urls import app_url, base_url
from torpor.words import Address


@pytest.mark.parametrize(
    ("hosts", "port", "url"),
    [
        (("notes.localhost",), 8080, "http://notes.localhost:8080"),
        (("*.x.localhost", "example.localhost/docs"), 80, "http://example.localhost/docs"),
        (("*.x.localhost",), 8080, ""),
        (
            ("?.x.localhost", "*", "x.localhost [env=new]", "x.localhost @3", "=x.localhost/docs"),
            80,
            "http://x.localhost/docs",
        ),
        ((), 8080, ""),
    ],
)
def test_an_apps_url_is_its_first_host_without_a_wildcard(hosts: tuple[str, ...], port: int, url: str) -> None:
    assert app_url(hosts, Address("127.0.0.1", port)) == url


def test_the_usual_port_is_left_out() -> None:
    assert base_url(Address("::1", 80)) == "http://[::1]"
    assert base_url(Address("127.0.0.1", 8081)) == "http://127.0.0.1:8081"
    assert base_url(Address("127.0.0.1", 443), tls=True) == "https://127.0.0.1"
    assert app_url(("a.localhost",), Address("127.0.0.1", 443), tls=True) == "https://a.localhost"
    assert app_url(("a.localhost/x",), Address("127.0.0.1", 80), tls=True) == "https://a.localhost:80/x"
