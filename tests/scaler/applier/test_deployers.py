"""Who may apply, as an API server says."""

from pathlib import Path

from scaler.applier.deployers import deployers
from scaler.welcome import Stranger
from tests.scaler.runtimes.kubernetes.small_server import SmallServer

REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"


async def test_the_accounts_that_are_named_may_and_others_are_told_where_those_are_named(tmp_path: Path) -> None:
    server = SmallServer()
    async with server.running(tmp_path) as cluster:
        may = deployers(cluster, frozenset({"review/deployer"}))
        for name, word in (("review:deployer", ""), ("review:default", "kubernetes.apply.accounts")):
            user = {"username": f"system:serviceaccount:{name}"}
            server.answers["POST", REVIEWS] = {"status": {"authenticated": True, "user": user}}
            reason = await may(f"a token of {name}")
            assert word in (reason or "")
            assert isinstance(reason, Stranger) is bool(word)
        assert await may("a token of review:deployer") is None
        assert "needs a token" in (await may("") or "")


async def test_without_any_no_token_is_shown_to_the_server(tmp_path: Path) -> None:
    server = SmallServer()
    async with server.running(tmp_path) as cluster:
        assert "needs a token" in (await deployers(cluster, frozenset())("a secret") or "")
    assert not server.asked
