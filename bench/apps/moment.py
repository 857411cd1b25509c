"""The app of the wakes: it tells when it began to listen.

`python -m bench.apps.moment PORT`. The answer is made beforehand, and is the same for every path. See gate.py for GATE.
"""

import asyncio
import json
import os
import socket
import sys
import time

from bench.apps.gate import wait_at_gate

_LONGEST_HEAD = 64 * 1024


def _answers(body: bytes) -> dict[bool, bytes]:
    """By whether the connection is closed behind it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    return {False: head + b"\r\n" + body, True: head + b"Connection: close\r\n\r\n" + body}


class Connection(asyncio.Protocol):
    """One client. Requests have no bodies here."""

    answers: dict[bool, bytes]

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
            self._transport.write(self.answers[closes])
            if closes:
                self._transport.close()
        if len(self._read) > _LONGEST_HEAD:
            self._transport.abort()


async def _serve(port: int) -> None:
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    moment = {"pid": os.getpid(), "listening_at": time.monotonic()}
    Connection.answers = _answers(json.dumps(moment).encode())
    server = await asyncio.get_running_loop().create_server(Connection, sock=listener, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    wait_at_gate()
    asyncio.run(_serve(int(sys.argv[1])))
