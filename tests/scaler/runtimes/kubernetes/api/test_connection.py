"""Credentials: where they come from, and how they are renewed."""

import socket
from pathlib import Path

import pytest
from yarl import URL

from scaler.runtimes.kubernetes.api import connection as module
from scaler.runtimes.kubernetes.api.access import Kubeconfig, NoAccess
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.connection import _proxy_for, _socket
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import NAMESPACES
from tests.scaler.runtimes.kubernetes.api.hand_server import HandServer, refuses, says


def helper(tmp_path: Path, expires: str | None = None) -> dict[str, object]:
    """A user whose credentials come from a program, that has a new token at each call."""
    program = tmp_path / "helper"
    expiry = f', "expirationTimestamp": "{expires}"' if expires else ""
    program.write_text(
        f"#!/bin/sh\necho x >>{tmp_path}/calls\n"
        'echo \'{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", '
        f'"status": {{"token": "token-\'$(wc -l <{tmp_path}/calls)\'"{expiry}}}}}\'\n'
    )
    program.chmod(0o755)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program)}}


def tokens(server: HandServer) -> list[str]:
    return [asked.headers.get("Authorization", "").removeprefix("Bearer ") for asked in server.asked]


async def test_a_helper_program_is_asked_once(server: HandServer, tmp_path: Path) -> None:
    server.then(says({}), says({}))
    async with Cluster(Kubeconfig(server.kubeconfig(tmp_path / "k", helper(tmp_path)))) as cluster:
        await cluster.get(NAMESPACES, None, "a")
        await cluster.get(NAMESPACES, None, "a")
    assert tokens(server) == ["token-1", "token-1"]


async def test_credentials_that_are_refused_are_renewed_and_the_call_made_again(
    server: HandServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH", 0.0)
    server.then(refuses(401, "Unauthorized"), says({}), refuses(401, "Unauthorized"), refuses(401, "Unauthorized"))
    async with Cluster(Kubeconfig(server.kubeconfig(tmp_path / "k", helper(tmp_path)))) as cluster:
        await cluster.patch(NAMESPACES, None, "a", {})
        assert tokens(server) == ["token-1", "token-2"]
        with pytest.raises(ApiError, match="401"):
            await cluster.get(NAMESPACES, None, "a")
    assert tokens(server)[2:] == ["token-2", "token-3"]


async def test_credentials_that_were_just_got_are_not_got_again(server: HandServer, tmp_path: Path) -> None:
    server.then(refuses(401, "Unauthorized", "who are you"))
    async with Cluster(Kubeconfig(server.kubeconfig(tmp_path / "k", helper(tmp_path)))) as cluster:
        with pytest.raises(ApiError, match="who are you"):
            await cluster.get(NAMESPACES, None, "a")
    assert tokens(server) == ["token-1"]


async def test_credentials_that_run_out_are_renewed_in_time(
    server: HandServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH", 0.0)
    user = helper(tmp_path, expires="2001-01-01T00:00:00Z")
    server.then(says({}))
    async with Cluster(Kubeconfig(server.kubeconfig(tmp_path / "k", user))) as cluster:
        await cluster.get(NAMESPACES, None, "a")
    assert tokens(server) == ["token-2"]


async def test_a_helper_program_that_fails_is_told_of(server: HandServer, tmp_path: Path) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/false"}}
    with pytest.raises(NoAccess, match="/bin/false gave no credentials"):
        async with Cluster(Kubeconfig(server.kubeconfig(tmp_path / "k", user))):
            pass


@pytest.mark.parametrize(
    ("server", "proxy"),
    [
        ("https://10.1.2.3:6443", "http://proxy:3128"),
        ("https://api.example.org", "http://proxy:3128"),
        ("https://api.inside.example.org", None),
        ("https://127.0.0.1:6443", None),
        ("http://10.1.2.3", None),
    ],
)
def test_the_way_out_is_that_of_the_environment(
    server: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "inside.example.org")
    assert _proxy_for(URL(server)) == proxy


async def test_a_token_file_that_is_rotated_is_read_again(
    server: HandServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH", 0.0)
    (tmp_path / "token").write_text("old")
    server.then(says({}), refuses(401), says({}))
    async with Cluster(Kubeconfig(server.kubeconfig(tmp_path / "k", {"tokenFile": "token"}))) as cluster:
        await cluster.get(NAMESPACES, None, "a")
        (tmp_path / "token").write_text("new")
        await cluster.get(NAMESPACES, None, "a")
    assert tokens(server) == ["old", "old", "new"]


async def test_a_netrc_is_nobodys_business(
    server: HandServer, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.then(says({}))
    await cluster.get(NAMESPACES, None, "a")
    assert tokens(server) == ["open-sesame"]


def test_a_peer_that_is_gone_without_a_word_is_noticed_within_half_a_minute() -> None:
    made = _socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1)))
    with made:
        idle, between, count = (
            made.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert idle + between * count <= 30
        assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000
