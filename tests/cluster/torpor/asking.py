"""One request to somebody in a cluster's network, which nobody repeats."""

import http.client
from collections.abc import Mapping

from tests.cluster.rig.network import Network

ANSWER = 90.0
"""Seconds for an answer: longer than a wake may take, and than a proxy takes to say that it took too long."""

type Got = tuple[int, http.client.HTTPMessage, bytes]


def visitor(host: str) -> dict[str, str]:
    """The headers of a visitor who may wake apps."""
    return {"Host": host, "User-Agent": "curl/8"}


def connected(network: Network, address: tuple[str, int], within: float) -> http.client.HTTPConnection:
    """A connection. OSError where nobody takes it."""
    connection = http.client.HTTPConnection(*address, timeout=within)
    connection.auto_open = 0  # whoever wants another one makes it
    connection.sock = network.connect(address, within)
    return connection


def ask(
    network: Network,
    address: tuple[str, int],
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    *,
    within: float,
) -> Got:
    """On a connection of its own. OSError and HTTPException where there is no answer."""
    connection = connected(network, address, within)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()
