"""Sets over REST: how an order is read, how its end is told, and who may give one."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import aiohttp
import pytest

from scaler.api import Api
from scaler.api.guard import MAX_BODY
from scaler.api.places import AT_ONCE
from scaler.applier.errors import Busy, NoSuchSet, NotAllowed
from scaler.applier.order import Order
from scaler.applier.report import Conflict, Done, Outcome
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable
from scaler.welcome import CannotTell, Stranger
from tests.scaler.api.fake_control import FakeApplier, FakeControl, no_link, running, until
from torpor.yamlfile import Mistake, YamlError

STREAM = {"Accept": "text/event-stream"}
TEXT = "kind: Ünsinn\n"


@pytest.fixture
def applier(control: FakeControl) -> FakeApplier:
    control.applier = FakeApplier()
    return control.applier


async def test_an_order_is_read_and_its_report_is_the_answer(
    url: str, client: aiohttp.ClientSession, applier: FakeApplier
) -> None:
    query = "set=pr-1&namespace=review&dry_run=1&force_conflicts=1&wait=1m30s&wake=1"
    async with client.post(f"{url}/v1/apply?{query}", data=TEXT.encode()) as answer:
        assert (answer.status, (await answer.json())["objects"][0]["outcome"]) == (200, "created")
    assert applier.orders == [Order(TEXT, "pr-1", "review", True, True, 90.0, True)]
    async with client.post(f"{url}/v1/apply", data=b"") as answer:
        assert answer.status == 200
    assert applier.orders[-1] == Order("")


@pytest.mark.parametrize(
    "query", ["wait=soon", "wait=2h", "wake=yes", "dry_run=", "forse=1", "wait=nan", "wait=1e300", "wait=²"]
)
async def test_what_makes_no_sense_is_refused(
    url: str, client: aiohttp.ClientSession, applier: FakeApplier, query: str
) -> None:
    async with client.post(f"{url}/v1/apply?{query}") as answer:
        assert answer.status == 400
    assert not applier.orders


async def test_what_is_no_text_is_refused(url: str, client: aiohttp.ClientSession, applier: FakeApplier) -> None:
    async with client.post(f"{url}/v1/apply", data=b"a: \xff") as answer:
        assert (answer.status, (await answer.json())["detail"][-27:]) == (422, "UTF-8: byte 3 cannot be read"[-27:])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (YamlError([Mistake(7, "no", 2)]), 422),
        (NotAllowed("not here"), 403),
        (NoSuchSet("there is none"), 404),
        (Busy("somebody else"), 409),
        (ApiError(403, "Forbidden", "not you"), 502),
        (ApiError(500, "Sad", "it is sad"), 502),
        (ApiError(503, "Away", "etcd is away"), 503),
        (Unreachable("away", sent=False), 503),
    ],
)
async def test_what_is_refused_before_anything_is_done_is_a_problem(
    url: str, client: aiohttp.ClientSession, applier: FakeApplier, error: Exception, status: int
) -> None:
    applier.error = error
    for headers in ({}, STREAM):
        async with client.post(f"{url}/v1/apply", headers=headers) as answer:
            assert (answer.status, answer.content_type) == (status, "application/problem+json")
            said = await answer.json()
    async with client.delete(f"{url}/v1/sets/pr-1") as answer:
        assert answer.status == status
    if status == 422:
        assert said["detail"] == "document 2, line 7: no"
        assert said["mistakes"] == [{"document": 2, "line": 7, "message": "no"}]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.CONFLICT, 409),
        (Outcome.REFUSED, 422),
        (Outcome.PUT_OFF, 503),
        (Outcome.UNKNOWN, 502),
        (Outcome.NOT_DELETED, 502),
        (Outcome.CREATED, 502),
    ],
)
async def test_a_failure_is_a_problem_that_holds_the_report(
    url: str, client: aiohttp.ClientSession, applier: FakeApplier, outcome: Outcome, status: int
) -> None:
    done = Done("services", "web", outcome, conflicts=(Conflict(".spec", "kubectl"),))
    applier.report = replace(applier.report, failure="it stopped", objects=(done,))
    async with client.post(f"{url}/v1/apply") as answer:
        assert (answer.status, answer.headers.get("Retry-After")) == (status, "5" if status == 503 else None)
        said = await answer.json()
        assert said["detail"] == "it stopped"
        assert said["report"]["objects"][0]["conflicts"] == [[".spec", "kubectl"]]


async def test_who_wants_to_know_is_told_while_it_is_done(
    url: str, client: aiohttp.ClientSession, applier: FakeApplier
) -> None:
    applier.may_end.clear()
    async with client.post(f"{url}/v1/apply", headers=STREAM) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        lines = [await answer.content.readline() for _ in range(6)]
        assert lines[0] == b"event: said\n"
        assert [json.loads(line[5:])["text"] for line in lines if line.startswith(b"data:")] == [
            "created services web",
            "1 of 2 pods are available",
        ]
        applier.may_end.set()
        rest = (await answer.content.read()).decode().splitlines()
        assert rest[0] == "event: report"
        assert json.loads(rest[1][5:])["set"] == "review/pr-1"


async def test_those_who_wait_for_a_rollout_keep_nobody_from_applying(
    url: str, client: aiohttp.ClientSession, applier: FakeApplier
) -> None:
    applier.may_end.clear()
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(client.post(f"{url}/v1/apply", data=TEXT.encode())) for _ in range(AT_ONCE)]
        await until(lambda: applier.applied == AT_ONCE)
        applier.may_apply.clear()
        waiting += [group.create_task(client.post(f"{url}/v1/apply")) for _ in range(AT_ONCE)]
        await until(lambda: len(applier.orders) == 2 * AT_ONCE)
        for headers in ({}, STREAM):
            async with client.post(f"{url}/v1/apply", headers=headers) as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        applier.may_apply.set()
        applier.may_end.set()
    for task in waiting:
        assert task.result().status == 200
        task.result().close()


async def test_what_is_put_off_is_a_problem_also_for_who_wants_to_be_told(
    url: str, client: aiohttp.ClientSession, applier: FakeApplier
) -> None:
    applier.silent = True
    put_off = Done("services", "web", Outcome.PUT_OFF)
    applier.report = replace(applier.report, failure="nothing was applied", objects=(put_off,))
    async with client.post(f"{url}/v1/apply", headers=STREAM) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert (await answer.json())["detail"] == "nothing was applied"


async def test_who_leaves_does_not_stop_an_apply_but_nobody_waits_for_its_rollout(
    url: str, client: aiohttp.ClientSession, applier: FakeApplier
) -> None:
    applier.may_apply.clear()
    applier.may_end.clear()
    answer = await client.post(f"{url}/v1/apply", headers=STREAM)
    answer.close()
    await asyncio.sleep(0.05)
    applier.may_apply.set()
    await until(lambda: applier.applied)
    async with client.get(f"{url}/v1/sets") as listed:
        assert listed.status == 200
    assert not applier.followed


async def test_a_torpor_that_stops_in_the_middle_says_what_was_done(
    control: FakeControl, client: aiohttp.ClientSession, applier: FakeApplier
) -> None:
    applier.may_apply.clear()
    async with AsyncExitStack() as running_api, asyncio.TaskGroup() as group:
        api = Api(control, link=no_link, token=None, listen=("127.0.0.1", 0))
        await running_api.enter_async_context(api)
        asking = group.create_task(client.post(f"http://127.0.0.1:{api.addresses[0].port}/v1/apply"))
        await until(lambda: applier.orders)
        group.create_task(running_api.aclose())
        async with await asking as answer:
            assert answer.status == 503
            assert "Done before that: created services web." in (await answer.json())["detail"]


async def test_sets_are_listed_and_deleted(url: str, client: aiohttp.ClientSession, applier: FakeApplier) -> None:
    async with client.get(f"{url}/v1/sets") as answer:
        assert (await answer.json())["sets"] == [
            {
                "id": "review/pr-1",
                "objects": ["services/web"],
                "apps": ["review/web"],
                "expires_at": "2023-11-14T22:13:20.000Z",
            }
        ]
    async with client.delete(f"{url}/v1/sets/review/pr-1?dry_run=1") as answer:
        assert answer.status == 200
    assert applier.deleted == [("review/pr-1", True)]


async def test_where_there_is_no_cluster_it_is_said_so(url: str, client: aiohttp.ClientSession) -> None:
    asked = [client.post(f"{url}/v1/apply"), client.delete(f"{url}/v1/sets/x"), client.get(f"{url}/v1/sets")]
    for request in asked:
        async with request as answer:
            assert (answer.status, answer.content_type) == (501, "application/problem+json")
            assert "This Torpor runs the apps of torpor.yaml" in (await answer.json())["detail"]


async def test_manifests_may_be_larger_than_what_else_is_sent(
    url: str, client: aiohttp.ClientSession, applier: FakeApplier
) -> None:
    async def in_pieces(size: int) -> AsyncIterator[bytes]:
        for _ in range(0, size, 1000):
            yield b"x" * 1000

    for body in (io.BytesIO(b"x" * 500_000), in_pieces(500_000)):
        async with client.post(f"{url}/v1/apply", data=body) as answer:
            assert answer.status == 200
    for body in (b"x" * (MAX_BODY + 1), in_pieces(MAX_BODY + 1)):
        async with client.post(f"{url}/v1/reload", data=body) as answer:
            assert answer.status == 413
    for body in (io.BytesIO(b"x" * (1024 * 1024 + 1)), in_pieces(1024 * 1024 + 1)):
        async with client.post(f"{url}/v1/apply", data=body) as answer:
            assert answer.status == 413
    assert len(applier.orders) == 2


async def test_in_a_cluster_nobody_applies_without_a_token(
    control: FakeControl, client: aiohttp.ClientSession, applier: FakeApplier
) -> None:
    async def deployers(token: str) -> str | None:
        if token == "nobody can tell":
            raise CannotTell("the API server is away")
        return None if token == "a builder's" else Stranger("not you") if token == "a stranger's" else "no token"

    async with running(control, token="of this Torpor's own", deployers=deployers) as url:
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": "Bearer a stranger's"}, 403),
            ({"Authorization": "Bearer nobody can tell"}, 503),
            ({"Authorization": "Bearer a builder's"}, 200),
            ({"Torpor-Token": "a builder's", "Authorization": "Bearer for somebody else"}, 200),
            ({"Authorization": "Bearer of this Torpor's own"}, 200),
        ):
            async with client.post(f"{url}/v1/apply", headers=headers) as answer:
                assert answer.status == status, headers
            async with client.delete(f"{url}/v1/sets/x", headers=headers) as answer:
                assert answer.status == status, headers
        async with client.post(f"{url}/v1/apps/notes/sleep", headers={"Torpor-Token": "a builder's"}) as answer:
            assert answer.status == 401, "that token is for applying only"
    async with running(control, deployers=deployers) as url, client.post(f"{url}/v1/apply") as answer:
        assert answer.status == 401, "nor where everything else is free"
