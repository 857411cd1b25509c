"""Free ports and fixed ones."""

import socket
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from scaler.runtimes.process import ports
from scaler.runtimes.process.ports import free_port, is_taken
from tests.ports import own_port


def test_a_free_port_lies_outside_the_range_of_outgoing_connections() -> None:
    low, high = (int(bound) for bound in Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    if 65535 - high < 1000 and low < 11_000:
        pytest.skip("there is hardly a port outside")
    claims = [free_port() for _ in range(50)]
    assert all(not low <= claim.port <= high for claim in claims)
    for claim in claims:
        claim.release()


def test_a_free_port_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours, socket.create_server(("", 0)) as wide:
        taken = [ours.getsockname()[1], wide.getsockname()[1]]
        claim = free_port()
        claim.release()
        monkeypatch.setattr(ports, "_candidates", lambda: [*taken, claim.port])
        again = free_port()
        assert again.port == claim.port
        with pytest.raises(OSError, match="no free port"):
            free_port()
        again.release()


def test_a_port_that_another_torpor_has_claimed_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its app does not listen yet."""
    begin = "from scaler.runtimes.process.ports import free_port; claim = free_port()"
    code = f"{begin}; print(claim.port, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=PIPE, stdout=PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        port = int(other.stdout.readline())
        monkeypatch.setattr(ports, "_candidates", lambda: [port])
        with pytest.raises(OSError, match="no free port"):
            free_port()
        other.kill()
        other.communicate()
    claim = free_port()
    assert claim.port == port
    claim.release()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_a_port_in_use_on_ipv6_only_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        monkeypatch.setattr(ports, "_candidates", lambda: [server.getsockname()[1]])
        with pytest.raises(OSError, match="no free port"):
            free_port()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_fixed_port_is_taken_while_somebody_listens(host: str) -> None:
    with socket.create_server((host, port := own_port())):
        assert is_taken(port)
    assert not is_taken(port)


def test_closed_connections_do_not_take_a_fixed_port() -> None:
    with socket.create_server(("127.0.0.1", port := own_port())) as server:
        client = socket.create_connection(("127.0.0.1", port))
        server.accept()[0].close()  # the side that closes first keeps the port in TIME_WAIT
        client.close()
    assert not is_taken(port)
