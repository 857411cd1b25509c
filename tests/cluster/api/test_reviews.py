"""Tokens of real ServiceAccounts."""

import pytest

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.reviews import Reviews
from tests.cluster.rig.space import Space


async def token(api: Cluster, space: Space, *audiences: str) -> str:
    spec = {"audiences": list(audiences), "expirationSeconds": 600}
    path = f"/api/v1/namespaces/{space.name}/serviceaccounts/default/token"
    said = await api.call("POST", path, None, {"spec": spec})
    text: str = said["status"]["token"]
    return text


@pytest.mark.parametrize("audience", ["torpor", None])
async def test_a_serviceaccount_is_known_by_its_token(api: Cluster, space: Space, audience: str | None) -> None:
    audiences = [audience] if audience else []
    reviews = Reviews(api, audiences)
    good = await token(api, space, *audiences)
    assert await reviews.user(good) == f"system:serviceaccount:{space.name}:default"
    assert await reviews.user(good[:-4] + "AAAA") is None
    assert await reviews.user("not a token") is None


async def test_a_token_for_somebody_else_is_none_for_us(api: Cluster, space: Space) -> None:
    assert await Reviews(api, ["torpor"]).user(await token(api, space, "vault")) is None
    assert await Reviews(api).user(await token(api, space, "vault")) is None
