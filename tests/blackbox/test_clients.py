"""HTTP as clients use it: kept and pipelined connections, interim and bodiless answers, trailers, early leavers."""

import asyncio
import http.client
import socket
import time
from collections.abc import Iterator

import pytest

from tests.blackbox import raw
from tests.blackbox.torpor_up import Torpor, answering, wait

HOST = b"Host: app.localhost\r\n"


@pytest.fixture(scope="module")
def torpor(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Torpor]:
    apps = {"app": answering("app", START_DELAY=0.3), "slow": answering("slow", START_DELAY=5)}
    with Torpor.up(tmp_path_factory.mktemp("clients"), {"engine": engine, "apps": apps}) as running:
        yield running


@pytest.fixture(autouse=True)
def _asleep(torpor: Torpor) -> None:
    torpor.sleep("app")
    torpor.sleep("slow")


def test_pipelined_requests_are_answered_in_order_though_the_first_is_held(torpor: Torpor) -> None:
    sent = b"".join(b"GET /" + name + b" HTTP/1.1\r\n" + HOST + b"\r\n" for name in (b"one", b"two", b"three"))
    with socket.create_connection(torpor.listen, timeout=30) as connection:
        connection.sendall(sent)
        received = b""
        while received.count(b'"target"') < 3:
            piece = connection.recv(65536)
            assert piece, received
            received += piece
    places = [received.index(name) for name in (b"/one", b"/two", b"/three")]
    assert places == sorted(places)
    assert raw.statuses(received) == [200, 200, 200]


def test_many_requests_on_one_connection(torpor: Torpor) -> None:
    connection = http.client.HTTPConnection(*torpor.listen, timeout=30)
    for count in range(300):
        connection.request("GET", f"/{count}", headers={"Host": "app.localhost"})
        response = connection.getresponse()
        assert response.status == 200
        assert f"/{count}".encode() in response.read()
    connection.close()


def test_answers_without_a_body(torpor: Torpor) -> None:
    connection = http.client.HTTPConnection(*torpor.listen, timeout=30)
    for method, path, status in [
        ("GET", "/status?code=204", 204),
        ("GET", "/status?code=304", 304),
        ("HEAD", "/", 200),
    ]:
        connection.request(method, path, headers={"Host": "app.localhost"})
        response = connection.getresponse()
        assert (response.status, response.read()) == (status, b"")
    connection.request("GET", "/after", headers={"Host": "app.localhost"})
    assert b"/after" in connection.getresponse().read()
    connection.close()


def test_an_interim_answer_does_not_disturb_the_final_one(torpor: Torpor) -> None:
    torpor.visit("app")
    received = raw.send(torpor.listen, b"GET /hints HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert raw.statuses(received)[-1] == 200
    assert set(raw.statuses(received)) <= {103, 200}


def test_trailers_are_refused_cleanly_or_dropped(torpor: Torpor) -> None:
    sent = (
        b"POST / HTTP/1.1\r\n" + HOST + b"Connection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"
    )
    received = raw.send(torpor.listen, sent, within=30)
    [status] = raw.statuses(received) or [400]
    assert status == 200 or 400 <= status < 500 or status == 501, received
    assert torpor.visit("app").status == 200


def test_http_1_0_is_served(torpor: Torpor) -> None:
    received = raw.send(torpor.listen, b"GET / HTTP/1.0\r\n" + HOST + b"\r\n", within=30)
    assert b" 200 " in received.split(b"\r\n")[0]


def test_a_client_that_leaves_while_held_does_not_cancel_the_wake(torpor: Torpor) -> None:
    with socket.create_connection(torpor.listen, timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: slow.localhost\r\n\r\n")
        torpor.wait_phase("slow", "waking")
        wait(lambda: torpor.app("slow")["held"] == 1)
    wait(lambda: torpor.app("slow")["held"] == 0)
    torpor.wait_phase("slow", "awake")


async def test_what_the_app_streams_passes_at_once(torpor: Torpor) -> None:
    reader, writer = await asyncio.open_connection(*torpor.listen)
    writer.write(b"GET /stream?seconds=5 HTTP/1.1\r\n" + HOST + b"\r\n")
    await writer.drain()
    async with asyncio.timeout(30):
        await reader.readuntil(b"tick")
        began = time.monotonic()
        for _ in range(5):
            await reader.readuntil(b"tick")
    assert time.monotonic() - began < 4, "it came all together, at the end"
    writer.close()


def test_the_app_sees_who_came(torpor: Torpor) -> None:
    port = torpor.listen[1]
    sent = {"Host": f"app.localhost:{port}", "X-Forwarded-For": "6.6.6.6", "Connection": "X-Hop", "X-Hop": "1"}
    headers = {name.lower(): value for name, value in torpor.visit("app", headers=sent).json()["headers"]}
    assert headers["host"] == f"app.localhost:{port}"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == f"app.localhost:{port}"
    assert "for=127.0.0.1" in headers["forwarded"]
    assert "x-hop" not in headers
