"""A picture of a cluster whose kinds come and go while it is watched."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.picture import Picture
from tests.scaler.runtimes.kubernetes.cluster_objects import (
    deployment,
    gateway,
    httproute,
    ingress,
    meta,
    service,
)
from tests.scaler.runtimes.kubernetes.small_server import SmallServer

APP = "shop/web"
NEVER = 3600.0
AT_ONCE = 0.02
GATEWAY_API = (kinds.HTTP_ROUTES[0], kinds.GATEWAYS[0])
OLD_ROUTES = kinds.HTTP_ROUTES[1]
ROLLOUTS = Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout")
PATIENCE = 30.0


@pytest.fixture
def server() -> SmallServer:
    """With one app, to which only an HTTPRoute could lead."""
    server = SmallServer()
    server.put(kinds.DEPLOYMENTS, deployment())
    server.put(kinds.SERVICES, service())
    return server


@contextlib.asynccontextmanager
async def watching(cluster: Cluster, *, again: float = AT_ONCE, **how: list[str]) -> AsyncIterator[Picture]:
    picture = Picture(cluster, Discovery(Serve(), Defaults()), again=again, **how)
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        task = group.create_task(picture.run())
        await picture.whole.wait()
        yield picture
        task.cancel()


async def until(holds: Callable[[], object]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


def routed(server: SmallServer) -> None:
    server.install(*GATEWAY_API)
    server.put(kinds.GATEWAYS[0], gateway())
    server.put(kinds.HTTP_ROUTES[0], httproute())


def routes(picture: Picture, app: str = APP) -> tuple[str, ...]:
    return picture.apps[app].spec.hosts


async def test_all_that_there_is_is_known_once_it_is_whole(server: SmallServer, tmp_path: Path) -> None:
    routed(server)
    server.put(kinds.INGRESSES, ingress())
    async with server.running(tmp_path) as cluster, watching(cluster, again=NEVER) as picture:
        assert picture.apps.keys() == {APP}
        assert routes(picture) == ("web.example",)
        assert picture.missing() is None


async def test_kinds_that_are_installed_later_are_noticed(server: SmallServer, tmp_path: Path) -> None:
    async with server.running(tmp_path) as cluster, watching(cluster) as picture:
        told: list[str] = []
        picture.on_apps.append(told.extend)
        assert routes(picture) == ()
        routed(server)
        await until(lambda: routes(picture))
        assert APP in told


async def test_what_leads_by_a_kind_that_is_taken_away_goes_and_comes_again_with_it(
    server: SmallServer, tmp_path: Path
) -> None:
    routed(server)
    async with server.running(tmp_path) as cluster, watching(cluster) as picture:
        server.uninstall(*GATEWAY_API)
        await until(lambda: not routes(picture))
        routed(server)
        await until(lambda: routes(picture))


async def test_that_a_kind_is_gone_is_noticed_without_waiting_for_the_next_look(
    server: SmallServer, tmp_path: Path
) -> None:
    server.install(ROLLOUTS, scalable=True)
    rollout = {"metadata": meta("other", labels={"torpor.dev/managed": "true"}), "spec": {"replicas": 0}}
    server.put(ROLLOUTS, rollout)
    named = ["rollouts.argoproj.io"]
    async with server.running(tmp_path) as cluster, watching(cluster, again=NEVER, scalable=named) as picture:
        assert picture.apps.keys() == {APP, "shop/other"}
        del server.kinds[ROLLOUTS]  # without a word on its objects
        server.put(kinds.SERVICES, service("any"))
        await until(lambda: picture.apps.keys() == {APP})
        assert not [kind for kind, _ in picture.conditions if kind == ROLLOUTS]


async def test_a_kind_that_the_server_only_forgets_to_name_is_watched_on(
    server: SmallServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    routed(server)
    async with server.running(tmp_path) as cluster, watching(cluster) as picture:
        monkeypatch.setattr(server, "_groups", lambda: iter(()))
        looks = server.asked.count(("GET", "/apis"))
        await until(lambda: server.asked.count(("GET", "/apis")) > looks + 3)
        assert routes(picture)


async def test_a_kind_of_which_only_another_version_is_left_is_read_in_that(
    server: SmallServer, tmp_path: Path
) -> None:
    routed(server)
    async with server.running(tmp_path) as cluster, watching(cluster, namespaces=["shop", "yard"]) as picture:
        server.put(kinds.HTTP_ROUTES[0], httproute("gone", hostnames=["gone.example"]))
        await until(lambda: len(routes(picture)) == 2)
        server.install(OLD_ROUTES)
        server.put(OLD_ROUTES, httproute())
        led: list[bool] = []
        picture.on_apps.append(lambda _: led.append("web.example" in routes(picture)))
        del server.kinds[kinds.HTTP_ROUTES[0]]
        server.put(kinds.SERVICES, service("any"))
        await until(lambda: routes(picture) == ("web.example",))
        assert all(led)


async def test_what_an_operator_has_named_and_is_not_there_at_the_start_costs_the_others_nothing(
    server: SmallServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    routed(server)
    async with server.running(tmp_path) as cluster, watching(cluster, scalable=["rollouts.argoproj.io"]) as picture:
        await until(lambda: routes(picture))
        looks = server.asked.count(("GET", "/apis"))
        await until(lambda: server.asked.count(("GET", "/apis")) > looks + 3)
    assert caplog.text.count("rollouts.argoproj.io: this cluster has no such group") == 1
