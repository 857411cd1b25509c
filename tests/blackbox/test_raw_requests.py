"""Requests that are not as they should be: refused or cut off, and the process lives on."""

from collections.abc import Iterator

import pytest

from tests.blackbox import raw
from tests.blackbox.torpor_up import Torpor, answering

MIB = 1024 * 1024

BAD = {
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: app.localhost\r\nHost: other.localhost\r\n\r\n",
    "an empty host": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "a host with a path": b"GET / HTTP/1.1\r\nHost: app.localhost/x\r\n\r\n",
    "an absolute address of an unknown host": b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "an absolute address against its host": b"GET http://evil.example/ HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
    "connect": b"CONNECT app.localhost:80 HTTP/1.1\r\nHost: app.localhost:80\r\n\r\n",
    "a 100 KB header": b"GET / HTTP/1.1\r\nHost: app.localhost\r\nX-Big: " + b"x" * 100_000 + b"\r\n\r\n",
    "100 KB of headers": b"GET / HTTP/1.1\r\nHost: app.localhost\r\n" + b"X-Y: 1234567890\r\n" * 6_000 + b"\r\n",
    "a 100 KB target": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
    "a header that never ends": b"GET / HTTP/1.1\r\nHost: app.localhost\r\nX-Big: " + b"x" * 3_000_000,
    "two lengths": b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a length that is none": b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: five\r\n\r\nhello",
    "a negative length": b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: -5\r\n\r\nhello",
    "an unknown coding": b"POST / HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding: gzip\r\n\r\nhello",
    "a chunk that is none": b"POST / HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
    "a blank before the colon": b"GET / HTTP/1.1\r\nHost : app.localhost\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: app.localhost\r\nnonsense\r\n\r\n",
    "a nul in a header": b"GET / HTTP/1.1\r\nHost: app.localhost\r\nX: a\0b\r\n\r\n",
    "http 9": b"GET / HTTP/9.9\r\nHost: app.localhost\r\n\r\n",
    "http 0.9": b"GET /\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "garbage": bytes(range(256)) * 40,
    "nothing": b"",
}

ONE_WAY = {
    "length and chunks": b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two equal hosts": b"GET / HTTP/1.1\r\nHost: app.localhost\r\nHost: app.localhost\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: app.localhost\r\nX-A: b\r\n c\r\n\r\n",
}
"""Refused as well, or passed on so that it can be read in one way only (tests/engines/test_smuggling.py says how)."""


@pytest.fixture(scope="module")
def torpor(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Torpor]:
    with Torpor.up(tmp_path_factory.mktemp("raw"), {"engine": engine, "apps": {"app": answering("app")}}) as running:
        yield running


@pytest.mark.parametrize("sent", ONE_WAY.values(), ids=ONE_WAY)
def test_it_is_one_visit_at_most(torpor: Torpor, sent: bytes) -> None:
    received = raw.send(torpor.listen, sent, half_close=True)
    assert raw.statuses(received) in ([200], [400], []), received[:500]
    assert torpor.visit("app").status == 200


@pytest.mark.parametrize("sent", BAD.values(), ids=BAD)
def test_it_is_refused_or_cut_off_and_the_process_lives_on(torpor: Torpor, sent: bytes) -> None:
    proxy = torpor.proxy()
    received = raw.send(torpor.listen, sent, half_close=True)
    assert all(400 <= status < 500 or status in (501, 505) for status in raw.statuses(received)), received[:500]
    assert torpor.visit("app").status == 200
    assert torpor.proxy() == proxy


def test_an_absolute_address_of_a_known_host_is_a_visit(torpor: Torpor) -> None:
    """RFC 9112, 3.2.2: a server must accept the absolute form, and it goes before Host."""
    sent = b"GET http://app.localhost/x?y HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n\r\n"
    received = raw.send(torpor.listen, sent)
    assert raw.statuses(received) in ([200], [400], [404]), received
    if raw.statuses(received) == [200]:
        assert b'"target": "/x?y"' in received


def test_a_smuggled_request_is_not_a_visit(torpor: Torpor) -> None:
    inner = b"GET /smuggled HTTP/1.1\r\nHost: app.localhost\r\n\r\n"
    sent = (
        b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: " + str(len(inner) + 5).encode() + b"\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner
    )
    assert b"/smuggled" not in raw.send(torpor.listen, sent, half_close=True)
