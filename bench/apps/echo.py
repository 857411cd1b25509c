"""The app behind the WebSocket load: takes every upgrade, and answers each message of a known size with an equal one.

`python -m bench.apps.echo PORT` (0: any free one; it prints which). It is as lean as Python can be, one loop on epoll
that counts bytes and unpacks nothing: the messages are all alike, so their number follows from their length.
"""

import base64
import hashlib
import select
import socket
import sys

from bench.websocket import CLIENT_FRAME, GUID, SERVER_FRAME

_KEY = b"sec-websocket-key:"


def accept(head: bytes) -> bytes:
    """The answer to an upgrade (RFC 6455 section 4.2.2), and an empty one to whoever asks for none."""
    keys = [line[len(_KEY) :].strip() for line in head.split(b"\r\n") if line[: len(_KEY)].lower() == _KEY]
    if not keys:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    proof = base64.b64encode(hashlib.sha1(keys[0] + GUID).digest())  # noqa: S324 - the protocol asks for it
    fields = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + proof
    return b"HTTP/1.1 101 Switching Protocols\r\n" + fields + b"\r\n\r\n"


def serve(listener: socket.socket) -> None:
    """Until the process is ended."""
    poll = select.epoll()
    poll.register(listener.fileno(), select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    rest: dict[int, int] = {}
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                clients[client.fileno()] = client
                poll.register(client.fileno(), select.EPOLLIN)
                continue
            client = clients[number]
            try:
                data = client.recv(65536)
                if data and number in rest:
                    messages, rest[number] = divmod(rest[number] + len(data), len(CLIENT_FRAME))
                    if messages:
                        client.send(SERVER_FRAME * messages)
                elif data:
                    client.send(accept(data))
                    rest[number] = 0
            except OSError:
                data = b""
            if not data:
                rest.pop(number, None)
                clients.pop(number).close()


if __name__ == "__main__":
    at = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
    print(at.getsockname()[1], flush=True)
    serve(at)
