"""`max_connections`, as somebody meets it who comes when there is no room."""

import contextlib
import socket
import time

from tests.blackbox import raw
from tests.blackbox.torpor_up import DEADLINE, Up, answering

GET = b"GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n"


def test_a_full_torpor_says_so_and_takes_more_when_somebody_has_left(up: Up, engine: str) -> None:
    torpor = up({"engine": engine, "max_connections": 10, "apps": {"app": answering("app")}})
    assert torpor.visit("app").status == 200
    with contextlib.ExitStack() as inside:
        served, end = 0, time.monotonic() + DEADLINE
        while served < 10:  # the last places may be refused for a moment, as in tests/engines/test_limits.py
            assert time.monotonic() < end
            connection = inside.enter_context(socket.create_connection(torpor.listen, timeout=DEADLINE))
            connection.sendall(GET)
            if (said := connection.recv(4096)).startswith(b"HTTP/1.1 200 "):
                served += 1
            else:
                assert said.startswith(b"HTTP/1.1 503 ")
                connection.close()
        received = raw.send(torpor.listen, GET)
        assert raw.statuses(received) == [503]
        assert b"retry-after: 1\r\n" in received.lower()
    end = time.monotonic() + DEADLINE
    while (status := torpor.visit("app").status) != 200:
        assert status == 503
        assert time.monotonic() < end
