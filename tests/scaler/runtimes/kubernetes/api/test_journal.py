import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import pytest

from scaler.runtimes.kubernetes.api import journal as module
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.journal import LONGEST, Journal
from tests.scaler.runtimes.kubernetes.api.hand_server import HandServer, refuses, says, thing


class Ref(NamedTuple):
    group: str = "apps"
    version: str = "v1"
    plural: str = "deployments"
    kind: str = "Deployment"
    namespace: str = "shop"
    name: str = "web"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


@pytest.fixture
async def journal(cluster: Cluster) -> AsyncIterator[Journal]:
    journal = Journal(cluster)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(journal.run())
        yield journal
        running.cancel()


async def test_an_event_is_written_as_kubectl_wants_it(server: HandServer, journal: Journal) -> None:
    server.then(says({}))
    journal.tell(Ref(), "Woken", "GET / by a browser", uid="u1")
    await until(lambda: len(server.asked) == 1)
    asked = server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/api/v1/namespaces/shop/events")
    about = {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web", "uid": "u1"}
    assert asked.body["involvedObject"] == about
    assert asked.body["metadata"]["name"].startswith("web.")
    assert (asked.body["reason"], asked.body["message"]) == ("Woken", "GET / by a browser")
    assert (asked.body["type"], asked.body["count"]) == ("Normal", 1)
    assert asked.body["firstTimestamp"] == asked.body["lastTimestamp"]
    assert asked.body["reportingComponent"] == "torpor"


async def test_the_uid_is_looked_up_where_it_is_not_told_and_then_known(server: HandServer, journal: Journal) -> None:
    found = thing("web")
    found["metadata"]["uid"] = "u2"
    server.then(says(found), says({}), says({}))
    journal.tell(Ref(), "Woken", "one")
    journal.tell(Ref(), "Slept", "two", sort="Warning")
    await until(lambda: len(server.asked) == 3)
    assert [asked.method for asked in server.asked] == ["GET", "POST", "POST"]
    assert {asked.body["involvedObject"]["uid"] for asked in server.asked[1:]} == {"u2"}
    assert server.asked[2].body["type"] == "Warning"


async def test_the_same_thing_said_again_counts_up(server: HandServer, journal: Journal) -> None:
    server.then(says({}), says({}))
    journal.tell(Ref(), "Held", "too many", uid="u")
    await until(lambda: len(server.asked) == 1)
    journal.tell(Ref(), "Held", "too many", uid="u")
    journal.tell(Ref(), "Held", "too many", uid="u")
    await until(lambda: len(server.asked) == 2)
    first, second = server.asked
    assert (second.method, second.path) == ("PATCH", f"{first.path}/{first.body['metadata']['name']}")
    assert second.body["count"] == 3


async def test_an_event_that_has_expired_is_written_anew(server: HandServer, journal: Journal) -> None:
    server.then(says({}), refuses(404, "NotFound"), says({}))
    journal.tell(Ref(), "Held", "too many", uid="u")
    await until(lambda: len(server.asked) == 1)
    journal.tell(Ref(), "Held", "too many", uid="u")
    await until(lambda: len(server.asked) == 3)
    assert [asked.method for asked in server.asked] == ["POST", "PATCH", "POST"]


async def test_what_the_server_refuses_is_dropped_and_the_next_is_written(
    server: HandServer, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    server.then(refuses(403, "Forbidden", "namespace shop is being terminated"), says({}))
    journal.tell(Ref(), "Woken", "one", uid="u")
    journal.tell(Ref(), "Woken", "two", uid="u")
    await until(lambda: len(server.asked) == 2)
    assert journal.dropped == 1
    assert "being terminated" in caplog.text


async def test_a_write_of_which_nothing_was_heard_is_tried_again_under_the_same_name(
    server: HandServer, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEADLINE", 0.1)

    async def nothing(_: object) -> object:
        await asyncio.Event().wait()

    server.then(nothing, refuses(409, "AlreadyExists"), says({}))  # type: ignore[arg-type]
    journal.tell(Ref(), "Woken", "one", uid="u")
    await until(lambda: len(server.asked) == 2)
    assert server.asked[0].body["metadata"]["name"] == server.asked[1].body["metadata"]["name"]
    journal.tell(Ref(), "Woken", "one", uid="u")
    await until(lambda: len(server.asked) == 3)
    assert server.asked[2].method == "PATCH"
    assert journal.dropped == 0


async def test_what_waits_is_bounded_and_the_oldest_goes_first(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUE", 3)
    journal = Journal(cluster)
    for number in range(5):
        journal.tell(Ref(), "Woken", str(number))
    assert [told.message for told in journal._waiting] == ["2", "3", "4"]
    assert journal.dropped == 2


async def test_a_message_has_an_end(cluster: Cluster) -> None:
    journal = Journal(cluster)
    journal.tell(Ref(), "Woken", "x" * 5_000)
    [told] = journal._waiting
    assert len(told.message) == LONGEST
    assert told.message.endswith("…")


async def test_an_object_without_a_namespace_has_its_events_in_the_default_one(
    server: HandServer, journal: Journal
) -> None:
    server.then(says({}))
    journal.tell(Ref("", "v1", "namespaces", "Namespace", "", "shop"), "Odd", "it is", uid="u")
    await until(lambda: len(server.asked) == 1)
    assert server.asked[0].path == "/api/v1/namespaces/default/events"
    assert "namespace" not in server.asked[0].body["involvedObject"]
