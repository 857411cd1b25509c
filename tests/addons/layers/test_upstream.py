"""What is read from an upstream, and when its connection may be used again."""

import pytest
from mitmproxy.connection import Server
from mitmproxy.proxy.layers.http._events import ResponseData, ResponseEndOfMessage, ResponseHeaders

from addons.layers.upstream import Kept, Upstream

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def asked(method: bytes = b"GET") -> Upstream:
    upstream = Upstream(Server(address=("127.0.0.1", 4000)), "app")
    upstream.begin(method)
    return upstream


def kinds(upstream: Upstream, *pieces: bytes) -> list[str]:
    return [type(event).__name__ for piece in pieces for event in upstream.receive(piece)]


def test_an_answer_is_told_in_its_parts() -> None:
    upstream = asked()
    events = list(upstream.receive(OK))
    assert [type(event) for event in events] == [ResponseHeaders, ResponseData, ResponseEndOfMessage]
    assert upstream.reusable
    assert list(upstream.closed()) == []


def test_an_answer_may_come_byte_by_byte() -> None:
    upstream = asked()
    told = kinds(upstream, *(OK[at : at + 1] for at in range(len(OK))))
    assert told == ["ResponseHeaders", "ResponseData", "ResponseData", "ResponseEndOfMessage"]
    assert upstream.reusable


def test_interim_answers_come_before_the_final_one() -> None:
    upstream = asked()
    assert kinds(upstream, b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK)[:2] == ["ResponseHeaders", "ResponseHeaders"]
    assert upstream.reusable


@pytest.mark.parametrize(
    ("method", "sent", "reusable"),
    [
        (b"GET", OK, True),
        (b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", True),
        (b"GET", b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", True),
        (b"GET", OK[:-1], False),
        (b"GET", OK + b"surplus", False),
        (b"HEAD", OK, False),
        (b"GET", b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok", False),
        (b"GET", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", False),
        (b"GET", b"HTTP/1.1 200 OK\r\n\r\nok", False),
        (b"GET", b"HTTP/1.1 101 Switching Protocols\r\n\r\n", False),
        (b"GET", b"nonsense\r\n\r\n", False),
    ],
)
def test_a_connection_is_used_again_only_after_a_clean_end(method: bytes, sent: bytes, reusable: bool) -> None:
    upstream = asked(method)
    kinds(upstream, sent)
    assert upstream.reusable is reusable


def test_what_comes_after_an_answer_is_not_kept_and_ends_the_use_of_the_connection() -> None:
    upstream = asked()
    kinds(upstream, OK)
    assert kinds(upstream, bytes(1_000_000)) == []
    assert len(upstream.buf) == 0
    assert not upstream.reusable


def test_what_comes_after_a_switch_waits_for_the_tunnel() -> None:
    upstream = asked()
    assert kinds(upstream, b"HTTP/1.1 101 Switching Protocols\r\n\r\nwel", b"come") == ["ResponseHeaders"]
    assert bytes(upstream.buf) == b"welcome"


def test_the_end_of_the_connection_ends_an_answer_without_a_length() -> None:
    upstream = asked()
    kinds(upstream, b"HTTP/1.1 200 OK\r\n\r\nall of it")
    assert [type(event) for event in upstream.closed()] == [ResponseEndOfMessage]


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\n", OK[:-1]])
def test_the_end_of_the_connection_breaks_any_other(sent: bytes) -> None:
    upstream = asked()
    kinds(upstream, sent)
    assert [type(event).__name__ for event in upstream.closed()] == ["ResponseProtocolError"]
    assert list(upstream.closed()) == []


def test_a_kept_connection_is_handed_over_once() -> None:
    kept, upstream = Kept(), asked()
    kept.upstream = upstream
    assert kept.is_on(upstream.server)
    assert kept.take() is upstream
    assert kept.take() is None
