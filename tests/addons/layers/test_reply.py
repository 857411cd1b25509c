"""How a client can tell where an answer ends, and whether its connection stays."""

import time

import pytest
from mitmproxy import http

from addons.layers.messages import Field, make_request, make_response
from addons.layers.reply import Reply


def reply(method: bytes = b"GET", version: bytes = b"HTTP/1.1", *fields: Field) -> Reply:
    return Reply(make_request(method, b"/", version, list(fields), time.time()))


def response(status: int, *fields: Field, body: bytes | None = None) -> http.Response:
    return make_response(status, b"", b"HTTP/1.0", list(fields), time.time(), body)


SIZED = (b"Content-Length", b"2")
CHUNKS = (b"Transfer-Encoding", b"chunked")
CLOSE = (b"Connection", b"close")
KEEP = (b"Connection", b"keep-alive")


@pytest.mark.parametrize(
    ("asked", "given", "head", "kept", "body"),
    [
        ((), (200, SIZED), b"200 \r\nContent-Length: 2", True, b"ok"),
        ((), (200, CHUNKS), b"200 \r\nTransfer-Encoding: chunked", True, b"2\r\nok\r\n0\r\n\r\n"),
        ((), (200,), b"200 \r\nTransfer-Encoding: chunked", True, b"2\r\nok\r\n0\r\n\r\n"),
        ((b"GET", b"HTTP/1.1", CLOSE), (200, SIZED), b"200 \r\nContent-Length: 2\r\nConnection: close", False, b"ok"),
        ((b"GET", b"HTTP/1.0"), (200, SIZED), b"200 \r\nContent-Length: 2\r\nConnection: close", False, b"ok"),
        (
            (b"GET", b"HTTP/1.0", KEEP),
            (200, SIZED),
            b"200 \r\nContent-Length: 2\r\nConnection: keep-alive",
            True,
            b"ok",
        ),
        ((b"GET", b"HTTP/1.0", KEEP), (200, CHUNKS), b"200 \r\nConnection: close", False, b"ok"),
        ((b"GET", b"HTTP/1.0"), (204,), b"204 \r\nConnection: close", False, b""),
        ((b"HEAD",), (200, SIZED), b"200 \r\nContent-Length: 2", True, b""),
        ((b"HEAD",), (200, CHUNKS), b"200 ", True, b""),
        ((), (204, SIZED), b"204 ", True, b""),
        ((), (304, SIZED), b"304 \r\nContent-Length: 2", True, b""),
        ((), (101, (b"Upgrade", b"x")), b"101 \r\nUpgrade: x\r\nConnection: Upgrade", True, b""),
    ],
)
def test_framing(asked: tuple, given: tuple, head: bytes, kept: bool, body: bytes) -> None:  # type: ignore[type-arg]
    written = reply(*asked)
    assert written.head(response(*given)) == b"HTTP/1.1 " + head + b"\r\n\r\n"
    assert written.keep_alive is kept
    if body:
        assert written.data(b"ok") + written.end() == body


def test_answers_of_torpors_own_come_whole_or_as_a_head_alone() -> None:
    given = response(503, SIZED, body=b"no")
    assert reply().whole(given).endswith(b"\r\n\r\nno")
    assert reply(b"HEAD").whole(given).endswith(b"Content-Length: 2\r\n\r\n")


def test_interim_answers_are_not_for_http_1_0() -> None:
    given = response(103, (b"Link", b"</x>"), (b"Connection", b"x"))
    assert reply().interim(given) == b"HTTP/1.1 103 \r\nLink: </x>\r\n\r\n"
    assert reply(b"GET", b"HTTP/1.0").interim(given) == b""
