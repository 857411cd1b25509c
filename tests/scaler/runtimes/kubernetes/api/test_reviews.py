from typing import Any

import pytest

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.reviews import KNOWN, LONGEST, UNKNOWN, NotReviewed, Reviews
from tests.scaler.runtimes.kubernetes.api.hand_server import HandServer, refuses, says
from torpor.clock import HandClock

NAME = "system:serviceaccount:torpor:proxy"


def yes(*audiences: str, name: str = NAME) -> dict[str, Any]:
    return {"status": {"authenticated": True, "user": {"username": name}, "audiences": list(audiences)}}


async def test_a_good_token_is_asked_about_once_a_minute(server: HandServer, cluster: Cluster) -> None:
    clock = HandClock()
    reviews = Reviews(cluster, timer=clock.now)
    server.then(says(yes()), says({"status": {"authenticated": False}}))
    assert await reviews.user("good") == NAME
    assert await reviews.user("good") == NAME
    assert [asked.path for asked in server.asked] == ["/apis/authentication.k8s.io/v1/tokenreviews"]
    assert server.asked[0].body["spec"] == {"token": "good"}
    clock.advance(KNOWN + 1)
    assert await reviews.user("good") is None


async def test_a_bad_token_is_asked_about_again_soon(server: HandServer, cluster: Cluster) -> None:
    clock = HandClock()
    reviews = Reviews(cluster, timer=clock.now)
    server.then(says({"status": {}}), says(yes()))
    assert await reviews.user("new") is None
    assert await reviews.user("new") is None
    clock.advance(UNKNOWN + 1)
    assert await reviews.user("new") == NAME


async def test_a_token_must_be_meant_for_us(server: HandServer, cluster: Cluster) -> None:
    reviews = Reviews(cluster, ["torpor"])
    server.then(says(yes("torpor")), says(yes("vault")), says(yes()))
    assert await reviews.user("ours") == NAME
    assert server.asked[0].body["spec"]["audiences"] == ["torpor"]
    assert await reviews.user("theirs") is None
    assert await reviews.user("of a server that knows no audiences") is None


@pytest.mark.parametrize("token", ["", "x" * (LONGEST + 1)])
async def test_what_cannot_be_a_token_is_not_asked_about(server: HandServer, cluster: Cluster, token: str) -> None:
    assert await Reviews(cluster).user(token) is None
    assert server.asked == []


async def test_when_nobody_can_say_that_is_told_and_not_remembered(server: HandServer, cluster: Cluster) -> None:
    reviews = Reviews(cluster)
    server.then(refuses(500, "InternalError", "etcd is away"), says(yes()))
    with pytest.raises(NotReviewed, match="etcd is away"):
        await reviews.user("good")
    assert await reviews.user("good") == NAME


async def test_tokens_themselves_are_not_kept(server: HandServer, cluster: Cluster) -> None:
    reviews = Reviews(cluster)
    server.then(says(yes()))
    await reviews.user("secret-word")
    assert "secret-word" not in str(vars(reviews))
