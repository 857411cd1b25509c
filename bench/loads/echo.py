"""Sends messages over a few WebSockets and waits for each answer before the next: messages per second.

`python -m bench.loads.echo ADDRESS PORT HOST CONNECTIONS SECONDS` prints the figures as JSON. One loop on epoll.
"""

import json
import select
import socket
import subprocess
import sys
import time

from bench.figures import percentile
from bench.loads.load import Load
from bench.processes import ROOT
from bench.visits import Address
from bench.websocket import CLIENT_FRAME, SERVER_FRAME

PATH = "/echo"

_TIMEOUT = 10.0
_REQUEST = (
    f"GET {PATH} HTTP/1.1\r\nHost: {{host}}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def load(address: Address, host: str, *, connections: int, seconds: float, prefix: tuple[str, ...]) -> Load:
    """Run it in a process of its own."""
    command = [*prefix, sys.executable, "-m", "bench.loads.echo", address[0], str(address[1]), host]
    command += [str(connections), str(seconds)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=seconds + (connections + 2) * _TIMEOUT
    )
    return Load(**json.loads(done.stdout))


def upgraded(address: Address, host: str) -> socket.socket:
    """A WebSocket. Raises OSError when there is none."""
    client = socket.create_connection(address, timeout=_TIMEOUT)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(_REQUEST.format(host=host).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if not (data := client.recv(4096)):
            break
        head += data
    if not head.startswith(b"HTTP/1.1 101 "):
        client.close()
        raise OSError(f"no WebSocket but {head[:200]!r}")
    return client


def _measure(address: Address, host: str, connections: int, seconds: float) -> Load:
    clients = {client.fileno(): client for client in (upgraded(address, host) for _ in range(connections))}
    missing = dict.fromkeys(clients, len(SERVER_FRAME))
    sent = dict.fromkeys(clients, 0.0)
    delays: list[float] = []
    failed = 0
    poll = select.epoll()
    began = now = time.monotonic()
    for number, client in clients.items():
        poll.register(number, select.EPOLLIN)
        sent[number] = now
        client.send(CLIENT_FRAME)
    until = began + seconds
    while now < until and len(clients) > failed:
        for number, _ in poll.poll(until - now):
            client = clients[number]
            try:
                data = client.recv(4096)
                missing[number] -= len(data)
                if data and not missing[number]:
                    now = time.monotonic()
                    delays.append(now - sent[number])
                    missing[number], sent[number] = len(SERVER_FRAME), now
                    client.send(CLIENT_FRAME)
            except OSError:
                data = b""
            if not data:
                poll.unregister(number)
                failed += 1
        now = time.monotonic()
    failed += sum(now - at > _TIMEOUT for at in sent.values())
    if not delays:
        raise OSError("no message came back")
    rate = len(delays) / (now - began)
    return Load(rate, percentile(delays, 50), percentile(delays, 99), len(delays), failed)


if __name__ == "__main__":
    _, where, port, name, many, long = sys.argv
    print(json.dumps(_measure((where, int(port)), name, int(many), float(long))._asdict()))
