"""Headers for one connection only stay on it (RFC 9110 section 7.6.1)."""

import pytest
from mitmproxy.test import tflow, tutils

from addons.hop_by_hop import HopByHop

type Fields = tuple[tuple[bytes, bytes], ...]


def passed(*fields: tuple[bytes, bytes], version: bytes = b"HTTP/1.1") -> Fields:
    flow = tflow.tflow(req=tutils.treq(headers=fields, http_version=version))
    HopByHop().requestheaders(flow)
    return flow.request.headers.fields


@pytest.mark.parametrize(
    "name",
    [
        b"Connection",
        b"Keep-Alive",
        b"Proxy-Connection",
        b"Proxy-Authorization",
        b"TE",
        b"Trailer",
        b"Upgrade",
        b"Proxy",
    ],
)
def test_these_never_pass(name: bytes) -> None:
    assert passed((b"A", b"1"), (name, b"x"), (name.lower(), b"y")) == ((b"A", b"1"),)


def test_what_connection_names_does_not_pass() -> None:
    assert passed((b"Connection", b"X-A, x-b"), (b"x-a", b"1"), (b"X-B", b"2"), (b"X-C", b"3")) == ((b"X-C", b"3"),)


def test_what_frames_the_message_passes_even_if_connection_names_it() -> None:
    framing = ((b"Host", b"a"), (b"Content-Length", b"5"))
    assert passed((b"Connection", b"host, content-length, transfer-encoding"), *framing) == framing


def test_an_upgrade_passes() -> None:
    asked = ((b"Connection", b"keep-alive, Upgrade"), (b"Upgrade", b"websocket"))
    assert passed(*asked) == ((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"))


@pytest.mark.parametrize("protocol", [b"h2c", b"H2C", b"websocket, h2c", b"h2"])
def test_an_upgrade_to_http_2_does_not_pass(protocol: bytes) -> None:
    asked = ((b"Connection", b"Upgrade, HTTP2-Settings"), (b"Upgrade", protocol), (b"HTTP2-Settings", b"x"))
    assert passed(*asked) == ()


def test_an_upgrade_with_a_body_or_of_http_1_0_does_not_pass() -> None:
    asked = ((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"))
    assert passed(*asked, (b"Content-Length", b"5")) == ((b"Content-Length", b"5"),)
    assert passed(*asked, version=b"HTTP/1.0") == ()


def test_the_same_for_answers() -> None:
    flow = tflow.tflow(resp=True)
    assert flow.response is not None
    flow.response.headers.fields = ((b"Connection", b"X-A"), (b"X-A", b"1"), (b"Keep-Alive", b"5"), (b"X-B", b"2"))
    HopByHop().responseheaders(flow)
    assert flow.response.headers.fields == ((b"X-B", b"2"),)


def test_a_switch_of_protocols_says_to_what() -> None:
    flow = tflow.tflow(resp=tutils.tresp(status_code=101))
    assert flow.response is not None
    flow.response.headers.fields = ((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"))
    HopByHop().responseheaders(flow)
    assert flow.response.headers.fields == ((b"Upgrade", b"websocket"),)
