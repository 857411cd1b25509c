"""Sleep and wake, over and over, under clients that never retry: not one request may fail."""

import hashlib
import http.client
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.blackbox.torpor_up import DEADLINE, Tell, Torpor, Up, answering

CLIENTS = 20
PAUSE = 0.15
"""Seconds between two requests of a client: steady, and still now and then a moment in which nobody asks."""


class Client:
    """Asks steadily; GET and POST by turns, on one connection or on a new one each time."""

    def __init__(self, torpor: Torpor, number: int, end: threading.Event) -> None:
        self._torpor, self._number, self._end = torpor, number, end
        self._keeps = number % 2 == 0
        self.requests = 0
        self.failures: list[str] = []

    def run(self) -> None:
        """Until the end, or the first failure."""
        connection = http.client.HTTPConnection(*self._torpor.listen, timeout=DEADLINE)
        try:
            for count in itertools.count():
                if self._end.wait(PAUSE):
                    return
                try:
                    self._ask(connection, count)
                except (OSError, http.client.HTTPException, AssertionError) as error:
                    self.failures.append(f"client {self._number}, request {count}: {error!r}")
                    return
                if not self._keeps:
                    connection.close()
        finally:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection, count: int) -> None:
        method = "POST" if count % 3 == 0 else "GET"
        body = f"{self._number}/{count}".encode() * 1000 if method == "POST" else b""
        path = f"/{self._number}/{count}"
        connection.request(method, path, body or None, {"Host": "app.localhost"})
        response = connection.getresponse()
        said = response.read()
        assert response.status == 200, (response.status, said[:300])
        self.requests += 1
        digest = hashlib.sha256(body).hexdigest().encode()
        assert path.encode() in said, said
        assert digest in said, said


def cycle(torpor: Torpor, cycles: int, tell: Tell, within: float) -> None:
    end = threading.Event()
    clients = [Client(torpor, number, end) for number in range(CLIENTS)]
    done, called_off = 0, 0
    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(client.run) for client in clients]
        try:
            last = time.monotonic() + within
            while done < cycles and not any(client.failures for client in clients):
                assert time.monotonic() < last, f"only {done} cycles, {called_off} called off"
                if torpor.phase("app") != "awake":
                    time.sleep(0.01)
                    continue
                reply = torpor.rest("POST", "/v1/apps/app/sleep")
                assert reply.status in (200, 409), reply
                done += reply.status == 200
                called_off += reply.status == 409
        finally:
            end.set()
    for future in running:
        future.result()
    requests = sum(client.requests for client in clients)
    tell(
        f"{done} sleeps and wakes, {called_off} called off, under {requests} requests of {CLIENTS} clients: none failed"
    )
    assert [failure for client in clients for failure in client.failures] == []
    assert requests > cycles


def test_30_cycles_under_20_steady_clients_fail_no_request(up: Up, tell: Tell) -> None:
    cycle(up({"apps": {"app": answering("app")}}), 30, tell, within=90)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_300_cycles_under_20_steady_clients_fail_no_request(up: Up, tell: Tell) -> None:
    cycle(up({"apps": {"app": answering("app")}}), 300, tell, within=1000)
