"""Heads: what passes means one thing only, and everything else is refused with a reason."""

import contextlib

import pytest
from h11._receivebuffer import ReceiveBuffer
from hypothesis import given
from hypothesis import strategies as st

from addons.layers.heads import (
    MAX_HEAD,
    BadRequestError,
    BadResponseError,
    persistent,
    read_request,
    read_response,
    tokens,
)

HOST = b"Host: app.localhost\r\n"


def buffered(data: bytes) -> ReceiveBuffer:
    buf = ReceiveBuffer()
    buf += data
    return buf


def refused(data: bytes) -> tuple[int, str]:
    with pytest.raises(BadRequestError) as raised:
        read_request(buffered(data))
    return raised.value.status, raised.value.detail


def test_a_request_is_read_as_it_is_written() -> None:
    buf = buffered(b"PATCH /a%20b?c=\xc3\xa4 HTTP/1.1\r\n" + HOST + b"X-A:  b\t\r\nx-a: \xff\r\nEmpty:\r\n\r\nrest")
    read = read_request(buf)
    assert read is not None
    request, size = read
    assert (request.data.method, request.data.path) == (b"PATCH", b"/a%20b?c=\xc3\xa4")
    assert request.data.headers.fields == (
        (b"Host", b"app.localhost"),
        (b"X-A", b"b"),
        (b"x-a", b"\xff"),
        (b"Empty", b""),
    )
    assert size == 0
    assert bytes(buf) == b"rest"


def test_a_head_may_come_byte_by_byte_and_after_empty_lines() -> None:
    buf = ReceiveBuffer()
    data = b"\r\n\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n"
    for at in range(len(data) - 1):
        buf += data[at : at + 1]
        assert read_request(buf) is None
    buf += data[-1:]
    assert read_request(buf) is not None
    assert not buf


def test_lines_may_end_in_a_line_feed_alone() -> None:
    assert read_request(buffered(b"GET / HTTP/1.1\nHost: app.localhost\n\n")) is not None


@pytest.mark.parametrize(
    ("framing", "size"),
    [
        (b"", 0),
        (b"Content-Length: 0\r\n", 0),
        (b"content-length: 42\r\n", 42),
        (b"Transfer-Encoding: chunked\r\n", None),
        (b"transfer-encoding: Chunked\r\n", None),
    ],
)
def test_how_long_a_body_is(framing: bytes, size: int | None) -> None:
    read = read_request(buffered(b"POST / HTTP/1.1\r\n" + HOST + framing + b"\r\n"))
    assert read is not None
    assert read[1] == size


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
        b"Transfer-Encoding:\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: 5 5\r\n",
        b"Content-Length: \r\n",
        b"Content-Length: " + b"9" * 5000 + b"\r\n",
        b"Content-Length : 5\r\n",
    ],
)
def test_a_body_of_unclear_length_is_refused(framing: bytes) -> None:
    assert refused(b"POST / HTTP/1.1\r\n" + HOST + framing + b"\r\n")[0] == 400


def test_chunks_of_http_1_0_are_refused() -> None:
    assert refused(b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")[0] == 400


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET / HTTP/1.1 x", 400),
        (b"GET /", 400),
        (b"GET  / HTTP/1.1", 400),
        (b" GET / HTTP/1.1", 400),
        (b"GET\t/ HTTP/1.1", 400),
        (b"GET / http/1.1", 400),
        (b"G\x80T / HTTP/1.1", 400),
        (b"G(T / HTTP/1.1", 400),
        (b"GET relative HTTP/1.1", 400),
        (b"GET * HTTP/1.1", 400),
        (b"OPTIONS * HTTP/1.1", 400),
        (b"GET http://app.localhost/ HTTP/1.1", 400),
        (b"GET / HTTP/1.2", 505),
        (b"GET / HTTP/0.9", 505),
        (b"GET / HTTP/2.0", 505),
        (b"CONNECT app.localhost:443 HTTP/1.1", 405),
        (b"TRACE / HTTP/1.1", 405),
        (b"M" * 65 + b" / HTTP/1.1", 400),
    ],
)
def test_lines_that_are_not_served(line: bytes, status: int) -> None:
    assert refused(line + b"\r\n" + HOST + b"\r\n")[0] == status


@pytest.mark.parametrize(
    "fields",
    [
        b"",
        HOST + HOST,
        HOST + b"host: other\r\n",
        b"Host:\r\n",
        b"Host: a b\r\n",
        b"Host: a/b\r\n",
        b"Host: user@a\r\n",
        b"Host: a:b\r\n",
        b"Host: a, b\r\n",
        HOST + b"X: a\r\n b\r\n",
        HOST + b" X: a\r\n",
        HOST + b"X: a\0b\r\n",
        HOST + b"X: a\rb\r\n",
        HOST + b"X: a\x7fb\r\n",
        HOST + b"X\r\n",
        HOST + b": x\r\n",
        HOST + b"X : a\r\n",
        HOST + b"X\xff: a\r\n",
    ],
)
def test_fields_that_are_refused(fields: bytes) -> None:
    assert refused(b"GET / HTTP/1.1\r\n" + fields + b"\r\n")[0] == 400


@pytest.mark.parametrize("host", [b"a", b"a.b:80", b"a:", b"192.0.2.1:80", b"[::1]:80", b"a_b.c-d", b"%C3%A4"])
def test_hosts_that_pass(host: bytes) -> None:
    assert read_request(buffered(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")) is not None


def test_http_1_0_needs_no_host() -> None:
    assert read_request(buffered(b"GET / HTTP/1.0\r\n\r\n")) is not None


@pytest.mark.parametrize("start", [b"\x16\x03\x01", b"\0", b"\x80", b"SSH-2.0-OpenSSH\r\n", b"{}", b"x" * 70])
def test_what_cannot_become_a_request_is_refused_at_once(start: bytes) -> None:
    assert refused(start)[0] == 400


def test_a_head_has_a_size() -> None:
    start = b"GET / HTTP/1.1\r\n" + HOST + b"X: "
    assert read_request(buffered(start + b"x" * (MAX_HEAD - 100) + b"\r\n\r\n" + bytes(MAX_HEAD))) is not None
    assert refused(start + b"x" * MAX_HEAD + b"\r\n\r\n")[0] == 431
    assert refused(start + b"x" * MAX_HEAD)[0] == 431


@given(st.binary(max_size=300))
def test_any_bytes_are_read_waited_for_or_refused(data: bytes) -> None:
    for sent in (data, b"GET / HTTP/1.1\r\n" + data, b"GET / HTTP/1.1\r\n" + HOST + data + b"\r\n\r\n"):
        with contextlib.suppress(BadRequestError):
            if (read := read_request(buffered(sent))) is not None:
                raw = bytes(read[0].data.headers)
                assert b"\0" not in raw
                assert b"\r" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("asked", "head", "size"),
    [
        (b"GET", b"HTTP/1.1 200 OK\r\n", -1),
        (b"GET", b"HTTP/1.0 200\r\n", -1),
        (b"GET", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", 3),
        (b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", None),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", 0),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", 0),
        (b"GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n", 0),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n", 0),
        (b"GET", b"HTTP/1.1 103 Early Hints\r\n", 0),
        (b"GET", b"HTTP/1.1 299 \r\n", -1),
        (b"GET", b"HTTP/1.1 599 \xe4\r\n", -1),
    ],
)
def test_how_long_an_answers_body_is(asked: bytes, head: bytes, size: int | None) -> None:
    read = read_response(buffered(head + b"\r\n"), asked)
    assert read is not None
    assert read[1] == size


@given(st.binary(max_size=300))
def test_any_bytes_of_an_upstream_are_read_waited_for_or_refused(data: bytes) -> None:
    for sent in (data, b"HTTP/1.1 200 OK\r\n" + data + b"\r\n\r\n"):
        with contextlib.suppress(BadResponseError):
            read_response(buffered(sent), b"GET")


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Close", False),
        (b"1.1", b"x, close", False),
        (b"1.1", b"keep-alive, close", False),
        (b"1.0", b"", False),
        (b"1.0", b"Keep-Alive", True),
    ],
)
def test_who_means_to_keep_the_connection(version: bytes, connection: bytes, kept: bool) -> None:
    fields = b"Connection: " + connection + b"\r\n" if connection else b""
    read = read_request(buffered(b"GET / HTTP/" + version + b"\r\n" + HOST + fields + b"\r\n"))
    assert read is not None
    assert persistent(read[0]) is kept


def test_tokens_come_from_all_headers_of_the_name() -> None:
    assert tokens([(b"A", b"x, Y"), (b"B", b"q"), (b"a", b" z ")], b"a") == {b"x", b"y", b"z"}
