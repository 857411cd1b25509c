"""Who may link up as a proxy, as an API server says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.welcome import accounts
from scaler.welcome import CannotTell
from tests.scaler.runtimes.kubernetes.small_server import SmallServer

REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
NAMED = frozenset({"torpor/torpor-proxy"})


@pytest.fixture
def server() -> SmallServer:
    return SmallServer()


@pytest.fixture
async def cluster(server: SmallServer, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with server.running(tmp_path) as cluster:
        yield cluster


def whose(server: SmallServer, user: str | None) -> None:
    """What the API server says of every token."""
    status = {"authenticated": False} if user is None else {"authenticated": True, "user": {"username": user}}
    server.answers["POST", REVIEWS] = {"status": status}


async def test_the_account_that_is_named_comes_in(server: SmallServer, cluster: Cluster) -> None:
    whose(server, "system:serviceaccount:torpor:torpor-proxy")
    assert await accounts(cluster, NAMED)("a token") is None


async def test_any_other_is_told_who_it_is_and_where_those_are_named_who_may(
    server: SmallServer, cluster: Cluster
) -> None:
    whose(server, "system:serviceaccount:shop:torpor-proxy")
    refusal = await accounts(cluster, NAMED)("a token")
    assert refusal is not None
    assert refusal.startswith("system:serviceaccount:shop:torpor-proxy is no proxy here")
    assert "kubernetes.proxies" in refusal


async def test_a_token_that_nobody_knows_is_turned_away(server: SmallServer, cluster: Cluster) -> None:
    whose(server, None)
    assert "does not know this token" in (await accounts(cluster, NAMED)("made up") or "")


async def test_without_a_token_the_cluster_is_not_asked(server: SmallServer, cluster: Cluster) -> None:
    assert "needs the token" in (await accounts(cluster, NAMED)("") or "")
    assert server.asked == []


async def test_when_the_cluster_cannot_tell_that_is_nobodys_fault(server: SmallServer, cluster: Cluster) -> None:
    server.refusals["POST", REVIEWS] = 500, "out of order"
    with pytest.raises(CannotTell, match="out of order"):
        await accounts(cluster, NAMED)("a token")
