"""Changes as a real API server tells of them, while it is well and while it is not."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from scaler.runtimes.kubernetes.api.access import Kubeconfig
from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.api.watch import Key, Watch
from tests.cluster.rig.cluster import Cluster as Rig
from tests.cluster.rig.space import Space

CONFIG_MAPS = Kind("", "v1", "configmaps", "ConfigMap")
"""Objects that nobody in the cluster cares about."""
PATIENCE = 60.0


class Picture:
    """What there is, as far as a watch tells; and what it has told."""

    def __init__(self) -> None:
        self.items: dict[str, Json] = {}
        self.told: list[str] = []
        self.seen_at: dict[str, float] = {}
        self.in_touch = False
        self.lists = 0

    def replaced(self, items: Sequence[Json], gone: Sequence[Key]) -> None:
        self.lists += 1
        self.told += [f"gone {key.name}" for key in gone]
        self.items = {item["metadata"]["name"]: item for item in items}

    def changed(self, item: Json) -> None:
        name = item["metadata"]["name"]
        self.items[name] = item
        self.told.append(f"{name} {item.get('data', {}).get('turn')}")
        self.seen_at[name] = time.perf_counter()

    def gone(self, key: Key) -> None:
        del self.items[key.name]
        self.told.append(f"gone {key.name}")

    def synced(self) -> None:
        self.in_touch = True

    def out_of_touch(self, since: float, error: ApiError) -> None:
        self.in_touch = False

    def turn(self, name: str) -> str | None:
        """How it stands, told as a change or by a new list."""
        turn: str | None = self.items.get(name, {}).get("data", {}).get("turn")
        return turn

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def watching(api: Cluster, namespace: str, **how: float) -> AsyncIterator[tuple[Watch, Picture]]:
    picture = Picture()
    watch = Watch(api, CONFIG_MAPS, picture, namespace=namespace, label_selector="test=yes", **how)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as group:
        running = group.create_task(watch.run())
        await picture.until(lambda: picture.in_touch)
        yield watch, picture
        running.cancel()


async def make(api: Cluster, namespace: str, name: str, **more: object) -> None:
    await api.create(CONFIG_MAPS, namespace, {"metadata": {"name": name, "labels": {"test": "yes"}} | more})


async def turn(api: Cluster, namespace: str, name: str, number: int) -> None:
    await api.patch(CONFIG_MAPS, namespace, name, {"data": {"turn": str(number)}})


async def test_every_change_is_told_once_and_in_order(api: Cluster, space: Space) -> None:
    await make(api, space.name, "before")
    async with watching(api, space.name) as (_, picture):
        assert list(picture.items) == ["before"]
        await make(api, space.name, "web")
        for number in range(50):
            await turn(api, space.name, "web", number)
        await api.delete(CONFIG_MAPS, space.name, "web")
        await picture.until(lambda: "gone web" in picture.told)
        assert picture.told == ["web None", *(f"web {number}" for number in range(50)), "gone web"]
        assert picture.lists == 1
        assert "managedFields" not in picture.items["before"]["metadata"]


async def test_what_the_selector_does_not_find_any_more_is_gone(api: Cluster, space: Space) -> None:
    await make(api, space.name, "web")
    async with watching(api, space.name) as (_, picture):
        await api.patch(CONFIG_MAPS, space.name, "web", {"metadata": {"labels": {"test": "no"}}})
        await picture.until(lambda: picture.told == ["gone web"])


async def test_an_object_of_a_megabyte_is_told_like_any_other(api: Cluster, space: Space) -> None:
    async with watching(api, space.name) as (_, picture):
        await make(api, space.name, "huge")
        await api.patch(CONFIG_MAPS, space.name, "huge", {"data": {"much": "x" * 1_000_000}})
        await make(api, space.name, "small")
        await picture.until(lambda: "small" in picture.items)
        assert len(picture.items["huge"]["data"]["much"]) == 1_000_000


async def test_a_version_that_the_server_has_forgotten_means_a_new_list(api: Cluster, space: Space) -> None:
    await make(api, space.name, "web")
    picture = Picture()
    watch = Watch(api, CONFIG_MAPS, picture, namespace=space.name)
    watch._version = "1"  # what is left after a long time without a connection
    async with asyncio.TaskGroup() as group:
        running = group.create_task(watch.run())
        await picture.until(lambda: picture.in_touch and "web" in picture.items)
        running.cancel()


async def test_many_objects_are_listed_in_pages_and_a_change_is_told_at_once(api: Cluster, space: Space) -> None:
    names = [f"web-{number:03}" for number in range(300)]
    for at in range(0, len(names), 50):
        async with asyncio.TaskGroup() as group:
            for name in names[at : at + 50]:
                group.create_task(make(api, space.name, name))
    async with watching(api, space.name) as (_, picture):
        assert sorted(picture.items) == sorted([*names])
        delays = []
        for number, name in enumerate(names[::15]):
            began = time.perf_counter()
            await turn(api, space.name, name, number)
            await picture.until(lambda name=name: name in picture.seen_at)  # type: ignore[misc]
            delays.append(picture.seen_at[name] - began)
        assert statistics.median(delays) < 1.0


async def test_while_the_api_server_is_away_that_is_known_and_afterwards_nothing_was_missed(fragile: Rig) -> None:
    with fragile.network.inside():
        async with (
            Cluster(Kubeconfig(str(fragile.kubeconfig))) as api,
            watching(api, "default") as (_, picture),
            watching(api, "default", silence=5.0) as (watch, other),
        ):
            await make(api, "default", "web")
            await picture.until(lambda: "web" in picture.items and "web" in other.items)
            await asyncio.to_thread(fragile.part("apiserver").kill)
            await picture.until(lambda: not picture.in_touch)
            await asyncio.to_thread(fragile.part("apiserver").start)
            await asyncio.to_thread(fragile.mend)
            await turn(api, "default", "web", 1)
            await picture.until(lambda: picture.in_touch and picture.turn("web") == "1")

            await asyncio.to_thread(fragile.part("apiserver").freeze)
            await other.until(lambda: not other.in_touch)
            heard = watch.heard_at
            await asyncio.to_thread(fragile.part("apiserver").thaw)
            await api.delete(CONFIG_MAPS, "default", "web", deadline=PATIENCE)
            await other.until(lambda: other.in_touch and "gone web" in other.told)
            assert heard is not None
            assert watch.heard_at is not None
            assert watch.heard_at > heard


async def test_etcd_may_come_and_go(fragile: Rig) -> None:
    with fragile.network.inside():
        async with Cluster(Kubeconfig(str(fragile.kubeconfig))) as api, watching(api, "default") as (_, picture):
            await make(api, "default", "app")
            await asyncio.to_thread(fragile.part("etcd").kill)
            await asyncio.to_thread(fragile.part("etcd").start)
            await asyncio.to_thread(fragile.mend)
            await turn(api, "default", "app", 1)
            await picture.until(lambda: picture.turn("app") == "1")
            await api.delete(CONFIG_MAPS, "default", "app")
            await picture.until(lambda: "app" not in picture.items)
