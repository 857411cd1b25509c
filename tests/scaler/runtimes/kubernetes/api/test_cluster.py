import asyncio
import time
from pathlib import Path

import pytest
from aiohttp import web

from scaler.runtimes.kubernetes.api import cluster as module
from scaler.runtimes.kubernetes.api import stream
from scaler.runtimes.kubernetes.api.access import Kubeconfig, NoAccess
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError, NotLeading, Unreachable
from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS, NAMESPACES
from scaler.runtimes.kubernetes.api.stream import TooLarge
from tests.scaler.runtimes.kubernetes.api.hand_server import (
    HandServer,
    lists,
    names,
    refuses,
    says,
    streams,
    thing,
)


async def test_an_object_is_read_with_the_credentials_of_the_kubeconfig(server: HandServer, cluster: Cluster) -> None:
    server.then(says(thing("web")))
    assert await cluster.get(DEPLOYMENTS, "shop", "web") == thing("web")
    [asked] = server.asked
    assert (asked.method, asked.path) == ("GET", "/apis/apps/v1/namespaces/shop/deployments/web")
    assert asked.headers["Authorization"] == "Bearer open-sesame"
    assert asked.headers["User-Agent"].startswith("torpor/")


async def test_an_error_is_told_in_the_servers_own_words(server: HandServer, cluster: Cluster) -> None:
    server.then(refuses(403, "Forbidden", 'deployments.apps "web" is forbidden: exceeded quota'))
    with pytest.raises(ApiError, match="exceeded quota") as caught:
        await cluster.get(DEPLOYMENTS, "shop", "web")
    assert (caught.value.status, caught.value.reason) == (403, "Forbidden")


async def test_a_page_of_some_proxy_is_an_error_like_any_other(server: HandServer, cluster: Cluster) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=502, text="<h1>Bad\n Gateway</h1>", content_type="text/html")

    async def login(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<h1>Log in</h1>", content_type="text/html")

    server.then(answer, login)
    with pytest.raises(ApiError, match="Bad Gateway") as caught:
        await cluster.get(DEPLOYMENTS, "shop", "web")
    assert caught.value.status == 502
    with pytest.raises(ApiError, match="is it an API server"):
        await cluster.get(DEPLOYMENTS, "shop", "web")


async def test_a_scale_is_merged_by_the_name_of_torpor(server: HandServer, cluster: Cluster) -> None:
    server.then(says({"spec": {"replicas": 3}}))
    await cluster.patch(DEPLOYMENTS, "shop", "web", {"spec": {"replicas": 3}}, subresource="scale")
    [asked] = server.asked
    assert (asked.method, asked.path) == ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale")
    assert asked.headers["Content-Type"] == "application/merge-patch+json"
    assert asked.query == {"fieldManager": "torpor"}
    assert asked.body == {"spec": {"replicas": 3}}


async def test_a_server_side_apply_says_whose_and_whether_by_force(server: HandServer, cluster: Cluster) -> None:
    server.then(says({}), says({}))
    await cluster.patch(DEPLOYMENTS, "shop", "web", {}, how="apply", field_manager="me", force=True, dry_run=True)
    [asked] = server.asked
    assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
    assert asked.query == {"fieldManager": "me", "fieldValidation": "Strict", "force": "true", "dryRun": "All"}


async def test_what_is_created_knows_its_kind_and_what_is_deleted_its_version(
    server: HandServer, cluster: Cluster
) -> None:
    server.then(says({}), says({}))
    await cluster.create(NAMESPACES, None, {"metadata": {"name": "shop"}})
    await cluster.delete(DEPLOYMENTS, "shop", "web", version="7")
    made, deleted = server.asked
    assert made.path == "/api/v1/namespaces"
    assert made.body == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    assert deleted.body == {"preconditions": {"resourceVersion": "7"}}


async def test_all_pages_of_a_list(server: HandServer, cluster: Cluster) -> None:
    server.then(lists(thing("a"), more="p2"), lists(thing("b")))
    assert names(await cluster.list_all(DEPLOYMENTS, "shop", label_selector="a=b,c")) == ["a", "b"]
    assert [asked.query["labelSelector"] for asked in server.asked] == ["a=b,c", "a=b,c"]


async def test_a_server_that_has_too_much_to_do_is_asked_again_when_it_says(
    server: HandServer, cluster: Cluster
) -> None:
    server.then(refuses(429, "TooManyRequests", Retry_After="1"), says({}))
    began = time.monotonic()
    await cluster.patch(DEPLOYMENTS, "shop", "web", {})
    assert time.monotonic() - began >= 1.0
    assert len(server.asked) == 2


async def test_but_not_beyond_the_deadline_and_not_for_ever(
    server: HandServer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.then(refuses(429, "TooManyRequests", "too many", Retry_After="3600"))
    with pytest.raises(ApiError, match="too many") as caught:
        await cluster.get(DEPLOYMENTS, "shop", "web", deadline=2.0)
    assert caught.value.retry_after == 3600
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.0)
    server.then(*[refuses(429, "TooManyRequests", Retry_After="1")] * 3)
    with pytest.raises(ApiError):
        await cluster.get(DEPLOYMENTS, "shop", "web")
    assert len(server.asked) == 4


async def test_a_call_has_a_deadline_and_may_have_been_carried_out(server: HandServer, cluster: Cluster) -> None:
    with pytest.raises(Unreachable, match=r"not answered within 0\.2s") as caught:
        await cluster.patch(DEPLOYMENTS, "shop", "web", {}, deadline=0.2)
    assert caught.value.sent


async def test_the_deadline_is_for_the_body_too(server: HandServer, cluster: Cluster) -> None:
    server.then(streams(b'{"metadata":', end="silence"))
    with pytest.raises(Unreachable, match="not answered within"):
        await cluster.get(DEPLOYMENTS, "shop", "web", deadline=0.2)


async def test_a_write_whose_answer_got_lost_is_not_repeated(server: HandServer, cluster: Cluster) -> None:
    server.then(streams(end="abort"), says({}))
    with pytest.raises(Unreachable) as caught:
        await cluster.patch(DEPLOYMENTS, "shop", "web", {})
    assert caught.value.sent
    assert len(server.asked) == 1


async def test_where_nobody_listens_nothing_was_sent(tmp_path: Path) -> None:
    nowhere = HandServer()
    nowhere.port = 1
    async with Cluster(Kubeconfig(nowhere.kubeconfig(tmp_path / "kubeconfig"))) as cluster:
        with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:1 cannot be reached") as caught:
            await cluster.get(DEPLOYMENTS, "shop", "web")
    assert not caught.value.sent


async def test_an_answer_without_end_is_not_read_to_its_end(
    server: HandServer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream.Stream.body, "__defaults__", (1_000,))
    server.then(lists(*[thing(str(number)) for number in range(100)]))
    with pytest.raises(TooLarge):
        await cluster.page(DEPLOYMENTS)


async def test_a_log_comes_as_it_is_written(server: HandServer, cluster: Cluster) -> None:
    server.then(streams(b"one\n", b"two\n", pause=0.05))
    async with cluster.log("shop", "web-1", container="app", tail=10, follow=True, previous=True) as log:
        assert [piece async for piece in log.chunks()] == [b"one\n", b"two\n"]
    [asked] = server.asked
    assert asked.path == "/api/v1/namespaces/shop/pods/web-1/log"
    assert asked.query == {
        "container": "app",
        "tailLines": "10",
        "timestamps": "true",
        "follow": "true",
        "previous": "true",
    }


async def test_a_log_that_there_is_not(server: HandServer, cluster: Cluster) -> None:
    server.then(refuses(400, "BadRequest", "container app is waiting to start"))
    with pytest.raises(ApiError, match="waiting to start"):
        async with cluster.log("shop", "web-1"):
            pass


async def test_the_way_through_to_a_service_keeps_path_status_and_words(server: HandServer, cluster: Cluster) -> None:
    server.then(says({"title": "Bad Gateway"}, 502, Torpor_Phase="failed"))
    path = "/api/v1/namespaces/torpor/services/http:scaler:8081/proxy/v1/apps/shop%2Fweb"
    async with cluster.open("POST", path, {"wait": "a b"}, {"x": 1}, headers={"Accept": "text/plain"}) as answer:
        assert (answer.status, answer.headers["torpor-phase"]) == (502, "failed")
        assert await answer.body() == b'{"title": "Bad Gateway"}'
    [asked] = server.asked
    assert (asked.headers["Accept"], asked.query, asked.body) == ("text/plain", {"wait": "a b"}, {"x": 1})


async def test_who_is_fenced_writes_only_while_it_is_certain_that_nobody_else_does(
    server: HandServer, cluster: Cluster
) -> None:
    certain = True
    fenced = cluster.fenced(lambda: certain)
    server.then(*[says({})] * 3)
    await fenced.patch(DEPLOYMENTS, "shop", "web", {})
    certain = False
    with pytest.raises(NotLeading):
        await fenced.patch(DEPLOYMENTS, "shop", "web", {})
    await fenced.get(DEPLOYMENTS, "shop", "web")
    await cluster.patch(DEPLOYMENTS, "shop", "web", {})
    assert [asked.method for asked in server.asked] == ["PATCH", "GET", "PATCH"]


async def test_a_call_that_finds_no_place_in_time_was_not_sent_and_others_have_places_of_their_own(
    server: HandServer, cluster: Cluster
) -> None:
    cluster._places = asyncio.Semaphore(1)
    async with asyncio.TaskGroup() as group:
        call = group.create_task(cluster.get(DEPLOYMENTS, "shop", "slow"))
        async with asyncio.timeout(10):
            while not server.asked:
                await asyncio.sleep(0.005)
        with pytest.raises(Unreachable, match="more is asked") as caught:
            await cluster.patch(DEPLOYMENTS, "shop", "web", {}, deadline=0.1)
        assert not caught.value.sent
        server.then(says({}))
        await cluster.apart().get(DEPLOYMENTS, "shop", "web")
        call.cancel()


async def test_every_request_is_told_with_its_verb_and_the_status_or_that_there_was_none(
    server: HandServer, cluster: Cluster
) -> None:
    told: list[tuple[str, int | None]] = []
    cluster.on_call = lambda verb, status, _seconds: told.append((verb, status))
    server.then(says({}), refuses(409, "Conflict", "changed"), streams())
    await cluster.fenced(lambda: True).get(DEPLOYMENTS, "shop", "web")
    with pytest.raises(ApiError):
        await cluster.patch(DEPLOYMENTS, "shop", "web", {})
    async with cluster.open("GET", "/api/v1/pods", {"watch": "1"}):
        pass
    with pytest.raises(Unreachable):
        await cluster.get(DEPLOYMENTS, "shop", "slow", deadline=0.1)
    assert told == [("get", 200), ("patch", 409), ("watch", 200), ("get", None)]


async def test_calls_at_once_are_bounded(server: HandServer, cluster: Cluster) -> None:
    cluster._places = asyncio.Semaphore(2)
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(cluster.get(DEPLOYMENTS, "shop", str(number))) for number in range(5)]
        await asyncio.sleep(0.1)
        assert len(server.asked) == 2
        for call in calls:
            call.cancel()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "current-context"),
        ("]", "cannot be used"),
        ("current-context: x\ncontexts: []\nclusters: []\nusers: []\n", "object with name x"),
    ],
)
async def test_a_kubeconfig_that_cannot_be_used_is_told(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(NoAccess, match=words):
        async with Cluster(Kubeconfig(str(path))):
            pass


async def test_a_kubeconfig_or_a_context_that_there_is_not_is_told(server: HandServer, tmp_path: Path) -> None:
    with pytest.raises(NoAccess, match="no kubeconfig at"):
        async with Cluster(Kubeconfig(str(tmp_path / "none"))):
            pass
    with pytest.raises(NoAccess, match="other"):
        async with Cluster(Kubeconfig(server.kubeconfig(tmp_path / "kubeconfig"), context="other")):
            pass
