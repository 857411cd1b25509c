from pathlib import Path

import pytest

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.wanted import PERHAPS, Wanted
from tests.scaler.runtimes.kubernetes.small_server import SmallServer

ROLLOUTS = Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout")
NEWER = Kind("argoproj.io", "v1", "rollouts", "Rollout")
NAMED = ["rollouts.argoproj.io"]


async def test_a_cluster_that_has_everything_is_not_asked_what_it_has(tmp_path: Path) -> None:
    server = SmallServer()
    server.install(*(wanted[0] for wanted in PERHAPS))
    async with server.running(tmp_path) as cluster:
        wanted = Wanted(cluster, [])
        await wanted.look()
        asked = len(server.asked)
        await wanted.look_again(lambda _: False)
        assert len(server.asked) == asked
        await wanted.look_again(lambda kind: kind == kinds.HTTP_ROUTES[0])
        assert server.asked[asked:] == [("GET", "/apis"), ("GET", "/apis/gateway.networking.k8s.io/v1")]


async def test_what_works_is_not_given_up_for_a_newer_version(tmp_path: Path) -> None:
    server = SmallServer()
    server.install(kinds.HTTP_ROUTES[1])
    async with server.running(tmp_path) as cluster:
        wanted = Wanted(cluster, [])
        await wanted.look()
        server.install(kinds.HTTP_ROUTES[0], *kinds.SCALED_OBJECTS)
        for denied in (False, True):
            await wanted.look_again(lambda _, denied=denied: denied)
            assert set(wanted.perhaps) == {kinds.HTTP_ROUTES[1], *kinds.SCALED_OBJECTS}
        server.uninstall(kinds.HTTP_ROUTES[1])
        await wanted.look_again(lambda kind: kind == kinds.HTTP_ROUTES[1])
        assert set(wanted.perhaps) == {kinds.HTTP_ROUTES[0], *kinds.SCALED_OBJECTS}


async def test_what_an_operator_has_named_may_go_and_come_back_in_another_version(tmp_path: Path) -> None:
    server = SmallServer()
    server.install(ROLLOUTS, scalable=True)
    async with server.running(tmp_path) as cluster:
        wanted = Wanted(cluster, NAMED)
        await wanted.look()
        assert list(wanted.named) == [ROLLOUTS]
        server.uninstall(ROLLOUTS)
        await wanted.look_again(lambda _: True)
        assert list(wanted.named) == []
        server.install(NEWER, scalable=True)
        await wanted.look_again(lambda _: False)
        assert list(wanted.named) == [NEWER]


async def test_a_look_that_fails_takes_nothing_away(tmp_path: Path) -> None:
    server = SmallServer()
    server.install(ROLLOUTS, scalable=True)
    async with server.running(tmp_path) as cluster:
        wanted = Wanted(cluster, NAMED)
        await wanted.look()
        server.refusals["GET", "/apis"] = 503, "not yet"
        with pytest.raises(ApiError, match="not yet"):
            await wanted.look_again(lambda _: True)
        assert list(wanted.named) == [ROLLOUTS]
