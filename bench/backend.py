"""The app behind every contender: answers made beforehand, so that it is never what limits a proxy.

`python -m bench.backend PORT` (0: any free one; it prints which). Paths: `/large` is 50 KB, `/moment` tells when it
began to listen, all others are a few bytes. With a GATE (a directory) in its environment it notes its start there and
listens only when the file `open` is there.
"""

import asyncio
import json
import os
import socket
import sys
import time

LARGE = 50_000
_LONGEST_HEAD = 64 * 1024
_GATE_PERIOD = 0.002


def _answers(path: bytes, body: bytes) -> dict[tuple[bytes, bool], bytes]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n" % len(body)
    return {(path, False): head + b"\r\n" + body, (path, True): head + b"Connection: close\r\n\r\n" + body}


class Connection(asyncio.Protocol):
    """One client. Requests have no bodies here."""

    answers: dict[tuple[bytes, bool], bytes]

    def __init__(self) -> None:
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head, self._read = self._read[:end].lower(), self._read[end + 4 :]
            closes = b"\r\nconnection: close" in head
            path = head.split(b" ", 2)[1]
            self._transport.write(self.answers.get((path, closes)) or self.answers[b"/", closes])
            if closes:
                self._transport.close()
        if len(self._read) > _LONGEST_HEAD:
            self._transport.abort()


async def _serve(port: int) -> None:
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    moment = {"pid": os.getpid(), "listening_at": time.monotonic()}
    Connection.answers = {
        **_answers(b"/", b"hello\n"),
        **_answers(b"/large", b"x" * LARGE),
        **_answers(b"/moment", json.dumps(moment).encode()),
    }
    server = await asyncio.get_running_loop().create_server(Connection, sock=listener, backlog=4096)
    print(listener.getsockname()[1], flush=True)
    await server.serve_forever()


def _wait_at(gate: str) -> None:
    with open(os.path.join(gate, f"start-{os.getpid()}"), "x"):  # noqa: PTH118, PTH123 - pathlib is slow to load
        pass
    while not os.path.exists(os.path.join(gate, "open")):  # noqa: PTH110, PTH118 - as above
        time.sleep(_GATE_PERIOD)


if __name__ == "__main__":
    if directory := os.environ.get("GATE"):
        _wait_at(directory)
    asyncio.run(_serve(int(sys.argv[1])))
