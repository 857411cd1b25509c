"""Who the visitor is, and what the app is told of it."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.forwarded import MAX_HOPS, Trust

HOST = b"app.localhost"


def told(trust: Trust, peer: str, *headers: tuple[str, str], host: bytes = HOST) -> tuple[str, dict[str, str]]:
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    found = trust.forward(peer, fields, host)
    return found.client, {name.decode().lower(): value.decode("latin-1") for name, value in found.headers}


NOBODY = Trust()
BALANCER = Trust(["10.0.0.0/8", "fd00::/8"])


def test_of_a_stranger_only_the_address_is_known() -> None:
    assert told(NOBODY, "192.0.2.1", ("Accept", "*/*")) == (
        "192.0.2.1",
        {
            "accept": "*/*",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-proto": "http",
            "x-forwarded-host": "app.localhost",
            "forwarded": "for=192.0.2.1;proto=http;host=app.localhost",
        },
    )


@pytest.mark.parametrize("trust", [NOBODY, BALANCER])
@pytest.mark.parametrize(
    "name",
    ["X-Forwarded-For", "x_forwarded_for", "Forwarded", "X-Real-IP", "X_REAL_IP", "X-Forwarded-Port", "X-Forwarded-X"],
)
def test_what_a_stranger_says_of_himself_is_dropped(trust: Trust, name: str) -> None:
    client, headers = told(trust, "192.0.2.1", (name, "6.6.6.6"))
    assert client == "192.0.2.1"
    assert not any("6.6.6.6" in value for value in headers.values())


def test_a_trusted_proxy_is_believed_and_added() -> None:
    client, headers = told(
        BALANCER,
        "10.1.2.3",
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "example.org"),
        ("X-Forwarded-Port", "443"),
        ("X-Real-IP", "192.0.2.1"),
    )
    assert client == "192.0.2.1"
    assert headers == {
        "x-forwarded-for": "192.0.2.1, 10.1.2.3",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "example.org",
        "x-forwarded-port": "443",
        "x-real-ip": "192.0.2.1",
        "forwarded": "for=192.0.2.1, for=10.1.2.3;proto=https;host=example.org",
    }


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("6.6.6.6, 192.0.2.1", "192.0.2.1"),
        ("6.6.6.6, 192.0.2.1, 10.9.9.9", "192.0.2.1"),
        ("10.9.9.9, 10.8.8.8", "10.9.9.9"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("192.0.2.1, unknown", "10.1.2.3"),
        ("192.0.2.1, nonsense, 10.9.9.9", "10.9.9.9"),
        ("", "10.1.2.3"),
        (" , ,", "10.1.2.3"),
    ],
)
def test_the_client_is_the_right_most_that_is_not_a_trusted_proxy(chain: str, client: str) -> None:
    assert told(BALANCER, "10.1.2.3", ("X-Forwarded-For", chain))[0] == client


def test_chains_in_several_headers_are_one_chain() -> None:
    client, headers = told(BALANCER, "10.1.2.3", ("X-Forwarded-For", "6.6.6.6"), ("x-forwarded-for", "192.0.2.1"))
    assert (client, headers["x-forwarded-for"]) == ("192.0.2.1", "6.6.6.6, 192.0.2.1, 10.1.2.3")


@pytest.mark.parametrize(
    ("forwarded", "chain"),
    [
        ("for=192.0.2.1", "192.0.2.1, 10.1.2.3"),
        ('For="[2001:db8::1]:4711";proto=https;by=203.0.113.1', "2001:db8::1, 10.1.2.3"),
        ('for=192.0.2.1;host="a,b;for=6.6.6.6", for=10.9.9.9', "192.0.2.1, 10.9.9.9, 10.1.2.3"),
        ("for=_hidden, for=192.0.2.1", "unknown, 192.0.2.1, 10.1.2.3"),
        ("proto=https", "unknown, 10.1.2.3"),
    ],
)
def test_a_trusted_proxy_may_speak_the_standards_way(forwarded: str, chain: str) -> None:
    assert told(BALANCER, "10.1.2.3", ("Forwarded", forwarded))[1]["x-forwarded-for"] == chain


def test_of_two_chains_one_is_believed_and_both_headers_say_the_same() -> None:
    client, headers = told(BALANCER, "10.1.2.3", ("Forwarded", "for=6.6.6.6"), ("X-Forwarded-For", "192.0.2.1"))
    assert client == "192.0.2.1"
    assert headers["forwarded"] == "for=192.0.2.1, for=10.1.2.3;proto=http;host=app.localhost"


def test_ipv6_addresses_and_ports_are_quoted() -> None:
    client, headers = told(NOBODY, "2001:db8::1", host=b"app.localhost:8080")
    assert client == "2001:db8::1"
    assert headers["forwarded"] == 'for="[2001:db8::1]";proto=http;host="app.localhost:8080"'
    assert headers["x-forwarded-for"] == "2001:db8::1"


def test_an_ipv4_address_on_an_ipv6_socket_is_an_ipv4_address() -> None:
    assert told(Trust(["192.0.2.0/24"]), "::ffff:192.0.2.1", ("X-Forwarded-For", "198.51.100.1"))[0] == "198.51.100.1"


def test_a_long_chain_is_cut_at_its_far_end() -> None:
    chain = ", ".join(f"192.0.2.{number}" for number in range(200))
    headers = told(BALANCER, "10.1.2.3", ("X-Forwarded-For", chain))[1]
    assert len(headers["x-forwarded-for"].split(", ")) == MAX_HOPS + 1
    assert headers["x-forwarded-for"].endswith("192.0.2.199, 10.1.2.3")


def test_a_request_without_a_host_is_forwarded_without_one() -> None:
    headers = told(NOBODY, "192.0.2.1", host=b"")[1]
    assert "x-forwarded-host" not in headers
    assert headers["forwarded"] == "for=192.0.2.1;proto=http"


def test_what_is_no_network_is_said_at_once() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        Trust(["10.0.0.0/99"])


@given(
    st.lists(
        st.tuples(st.sampled_from(["X-Forwarded-For", "Forwarded", "X-Forwarded-Proto"]), st.text('fo=r",;[]:1.\\ '))
    )
)
def test_whatever_a_trusted_proxy_says_the_client_is_an_address(headers: list[tuple[str, str]]) -> None:
    client, written = told(BALANCER, "10.1.2.3", *headers)
    ipaddress.ip_address(client)
    for hop in written["x-forwarded-for"].split(", "):
        assert hop == "unknown" or ipaddress.ip_address(hop)


def test_networks_are_known_by_their_prefix() -> None:
    assert Trust(["10.0.0.0/255.0.0.0", "10.0.0.0/0.255.255.255", "192.0.2.1", "2001:DB8::/32"]).networks == [
        "10.0.0.0/8",
        "10.0.0.0/8",
        "192.0.2.1/32",
        "2001:db8::/32",
    ]


@pytest.mark.parametrize(
    "text", ["fe80::%eth0/64", "fe80::%a\n    http-request deny/64", "10.0.0.0/8 ", "localhost", ""]
)
def test_what_is_not_a_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"network|zone"):
        Trust([text])
