from typing import Any

import pytest

from scaler.runtimes.kubernetes.objects.probe import MAX_TIMEOUT, Exec, Grpc, HttpGet, Probe, TcpSocket, read_probe


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"httpGet": {"port": 80}}, HttpGet(80)),
        (
            {
                "httpGet": {
                    "port": "http",
                    "path": "ready",
                    "scheme": "HTTPS",
                    "host": "h",
                    "httpHeaders": [{"name": "Host", "value": "x"}, {"name": "bad", "value": "a\r\nb: c"}],
                }
            },
            HttpGet("http", "/ready", "https", "h", (("Host", "x"),)),
        ),
        ({"tcpSocket": {"port": "8080"}}, TcpSocket(8080)),
        ({"grpc": {"port": 9000, "service": "s"}}, Grpc(9000, "s")),
        ({"tcpSocket": {"port": 80}, "timeoutSeconds": 5}, TcpSocket(80, timeout=5)),
        ({"tcpSocket": {"port": 80}, "timeoutSeconds": 10**9}, TcpSocket(80, timeout=MAX_TIMEOUT)),
        ({"tcpSocket": {"port": 80}, "timeoutSeconds": "soon"}, TcpSocket(80)),
        ({"exec": {"command": ["true"]}}, Exec()),
        ({"httpGet": {"port": 0}}, None),
        ({"grpc": {"port": "grpc"}}, None),
        ({"somethingNew": {}}, None),
        ({}, None),
    ],
)
def test_each_kind_of_probe_is_read(written: dict[str, Any], read: Probe | None) -> None:
    assert read_probe({"containers": [{"readinessProbe": written}]}) == read


def test_the_first_container_that_has_one_counts() -> None:
    containers = [{"name": "a"}, {"readinessProbe": {"tcpSocket": {"port": 1}}}, {"readinessProbe": {"exec": {}}}]
    assert read_probe({"containers": containers}) == TcpSocket(1)
    assert read_probe({"containers": [{"name": "a"}]}) is None
