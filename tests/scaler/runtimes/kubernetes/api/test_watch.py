import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable
from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS
from scaler.runtimes.kubernetes.api.watch import Key, Watch
from tests.scaler.runtimes.kubernetes.api.hand_server import (
    HandServer,
    event,
    lists,
    names,
    refuses,
    streams,
    thing,
)


class Ear:
    """Notes all that it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.errors: list[ApiError] = []

    def replaced(self, items: Sequence[Json], gone: Sequence[Key]) -> None:
        self.heard.append(("replaced", names(items), [key.name for key in gone]))

    def changed(self, item: Json) -> None:
        self.heard.append(("changed", item["metadata"]["name"], item["metadata"]["resourceVersion"]))

    def gone(self, key: Key) -> None:
        self.heard.append(("gone", key.name))

    def synced(self) -> None:
        self.heard.append(("synced",))

    def out_of_touch(self, since: float, error: ApiError) -> None:
        assert since <= time.monotonic()
        self.heard.append(("out of touch",))
        self.errors.append(error)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def test_a_list_and_then_each_change_in_order_until_the_watch_ends_in_peace(
    server: HandServer, cluster: Cluster
) -> None:
    server.then(
        lists(thing("a", 1), thing("b", 2), version="5"),
        streams(event("ADDED", thing("c", 6)) + event("MODIFIED", thing("a", 7)), event("DELETED", thing("b", 8))),
    )
    ear = Ear()
    await Watch(cluster, DEPLOYMENTS, ear).list_and_watch()
    assert ear.heard == [
        ("replaced", ["a", "b"], []),
        ("synced",),
        ("changed", "c", "6"),
        ("changed", "a", "7"),
        ("gone", "b"),
    ]
    assert server.asked[0].path == "/apis/apps/v1/deployments"
    assert server.asked[1].query["resourceVersion"] == "5"
    assert server.asked[1].query["allowWatchBookmarks"] == "true"
    assert 240 <= int(server.asked[1].query["timeoutSeconds"]) <= 480


async def test_a_watch_goes_on_where_the_last_one_ended_bookmarks_included(
    server: HandServer, cluster: Cluster
) -> None:
    bookmark = event("BOOKMARK", {"metadata": {"resourceVersion": "90"}})
    server.then(lists(version="5"), streams(event("ADDED", thing("a", 6)), bookmark), streams())
    ear = Ear()
    watch = Watch(cluster, DEPLOYMENTS, ear)
    await watch.list_and_watch()
    await watch.list_and_watch()
    assert [asked.query.get("resourceVersion") for asked in server.asked] == [None, "5", "90"]
    assert ear.heard.count(("synced",)) == 1


async def test_a_namespace_and_selectors_narrow_both_the_list_and_the_watch(
    server: HandServer, cluster: Cluster
) -> None:
    server.then(lists(), streams())
    await Watch(
        cluster, DEPLOYMENTS, Ear(), namespace="shop", label_selector="app=x", field_selector="metadata.name=y"
    ).list_and_watch()
    for asked in server.asked:
        assert asked.path == "/apis/apps/v1/namespaces/shop/deployments"
        assert (asked.query["labelSelector"], asked.query["fieldSelector"]) == ("app=x", "metadata.name=y")


async def test_a_list_in_pages_is_told_as_one(server: HandServer, cluster: Cluster) -> None:
    server.then(lists(thing("a"), more="next"), lists(thing("b"), version="7"), streams())
    ear = Ear()
    await Watch(cluster, DEPLOYMENTS, ear).list_and_watch()
    assert ear.heard[0] == ("replaced", ["a", "b"], [])
    assert [asked.query.get("continue") for asked in server.asked] == [None, "next", None]
    assert server.asked[2].query["resourceVersion"] == "7"


async def test_a_page_that_has_expired_begins_the_list_anew(server: HandServer, cluster: Cluster) -> None:
    server.then(lists(thing("a"), more="next"), refuses(410, "Expired"), lists(thing("b")), streams())
    ear = Ear()
    await Watch(cluster, DEPLOYMENTS, ear).list_and_watch()
    assert ear.heard[0] == ("replaced", ["b"], [])


async def test_pages_that_expire_every_time_are_not_read_for_ever(server: HandServer, cluster: Cluster) -> None:
    server.then(*[refuses(410, "Expired")] * 5)
    with pytest.raises(ApiError, match="expire sooner"):
        await Watch(cluster, DEPLOYMENTS, Ear()).list_and_watch()


@pytest.mark.parametrize(
    "end",
    [
        refuses(410, "Expired"),
        streams(event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})),
        refuses(504, "Timeout", "Too large resource version: 90, current: 5"),
        streams(b"what is this\n"),
        streams(b'{"type":"ADDED","object":{"metadata":null}}\n'),
    ],
    ids=["410", "410 in the watch", "etcd was restored", "not JSON", "not an object"],
)
async def test_when_the_server_cannot_go_on_the_list_is_read_again_and_what_has_gone_is_told(
    server: HandServer, cluster: Cluster, end: Any
) -> None:
    server.then(lists(thing("a"), thing("b")), end, lists(thing("b"), thing("c")), streams(end="silence"))
    ear = Ear()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(Watch(cluster, DEPLOYMENTS, ear).run())
        await until(lambda: ("replaced", ["b", "c"], ["a"]) in ear.heard and ear.heard[-1] == ("synced",))
        running.cancel()


async def test_a_connection_that_breaks_is_made_again_and_nothing_is_listed_twice(
    server: HandServer, cluster: Cluster
) -> None:
    server.then(
        lists(thing("a"), version="5"),
        streams(event("MODIFIED", thing("a", 6)), event("MODIFIED", thing("a", 7))[:30], end="abort"),
        refuses(503, "ServiceUnavailable"),
        streams(event("MODIFIED", thing("a", 7)), end="silence"),
    )
    ear = Ear()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(Watch(cluster, DEPLOYMENTS, ear).run())
        await until(lambda: ear.heard[-1:] == [("changed", "a", "7")])
        running.cancel()
    assert ear.heard == [
        ("replaced", ["a"], []),
        ("synced",),
        ("changed", "a", "6"),
        ("out of touch",),
        ("out of touch",),
        ("synced",),
        ("changed", "a", "7"),
    ]
    assert isinstance(ear.errors[0], Unreachable)
    assert [asked.query["resourceVersion"] for asked in server.asked[1:]] == ["5", "6", "6"]


async def test_half_an_event_at_the_end_of_a_watch_is_no_peace(server: HandServer, cluster: Cluster) -> None:
    server.then(lists(), streams(b'{"type":"ADD'))
    with pytest.raises(Unreachable, match="middle of an event"):
        await Watch(cluster, DEPLOYMENTS, Ear()).list_and_watch()


async def test_a_watch_that_falls_silent_is_taken_up_where_it_was_and_that_is_no_fault(
    server: HandServer, cluster: Cluster
) -> None:
    server.then(lists(thing("a")), streams(event("MODIFIED", thing("a", 6)), end="silence"))
    server.then(streams(event("MODIFIED", thing("a", 7))))
    ear = Ear()
    watch = Watch(cluster, DEPLOYMENTS, ear, silence=0.2)
    await watch.list_and_watch()
    assert ear.heard[-1] == ("changed", "a", "6")
    await watch.list_and_watch()
    assert ear.heard[-1] == ("changed", "a", "7")
    assert server.asked[-1].query["resourceVersion"] == "6"
    assert watch.in_touch


async def test_events_are_whole_however_they_are_cut(server: HandServer, cluster: Cluster) -> None:
    line = event("ADDED", thing("ä" * 50, 6)) + event("DELETED", thing("ä" * 50, 7))
    server.then(lists(), streams(*[line[at : at + 7] for at in range(0, len(line), 7)]))
    ear = Ear()
    await Watch(cluster, DEPLOYMENTS, ear).list_and_watch()
    assert ear.heard[2:] == [("changed", "ä" * 50, "6"), ("gone", "ä" * 50)]


async def test_an_object_of_several_megabytes_is_no_trouble(server: HandServer, cluster: Cluster) -> None:
    huge = thing("huge", 6)
    huge["metadata"]["annotations"] = {"x": "é" * 1_000_000}
    server.then(lists(), streams(event("ADDED", huge), event("ADDED", thing("small", 7))))
    ear = Ear()
    await Watch(cluster, DEPLOYMENTS, ear).list_and_watch()
    assert ear.heard[2:] == [("changed", "huge", "6"), ("changed", "small", "7")]


async def test_what_trim_leaves_is_what_is_told(server: HandServer, cluster: Cluster) -> None:
    told: list[Json] = []

    class Keeper(Ear):
        def replaced(self, items: Sequence[Json], gone: Sequence[Key]) -> None:
            told.extend(items)

        def changed(self, item: Json) -> None:
            told.append(item)

    full = thing("a", 1, spec={})
    full["metadata"]["managedFields"] = [1, 2, 3]
    server.then(lists(full), streams(event("MODIFIED", full)))
    await Watch(cluster, DEPLOYMENTS, Keeper()).list_and_watch()
    assert told == [thing("a", 1, spec={})] * 2


async def test_a_server_that_says_no_is_asked_less_and_less_often(server: HandServer, cluster: Cluster) -> None:
    server.then(*[refuses(403, "Forbidden", "deployments.apps is forbidden: user may not list")] * 4)
    ear = Ear()
    watch = Watch(cluster, DEPLOYMENTS, ear)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(watch.run())
        await until(lambda: len(ear.errors) == 4)
        running.cancel()
    assert "may not list" in str(ear.errors[0])
    assert watch.heard_at is None
    assert not watch.in_touch


async def test_a_watch_that_ends_at_once_is_not_taken_up_again_at_once(server: HandServer, cluster: Cluster) -> None:
    server.then(lists(), *[streams()] * 50)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(Watch(cluster, DEPLOYMENTS, Ear()).run())
        await until(lambda: len(server.asked) >= 3)
        assert len(server.asked) <= 4
        running.cancel()
