"""The output of pods that come and go, restart, and cannot be reached for a while."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scaler.logs.line import Line
from scaler.runtimes.kubernetes import following
from scaler.runtimes.kubernetes.api import cluster as api
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.following import follow
from scaler.runtimes.kubernetes.logs import MOST_CONTAINERS, MOST_PODS, places
from scaler.runtimes.kubernetes.pods.container import Container
from scaler.runtimes.kubernetes.pods.pod import Pod
from tests.scaler.api.fake_control import until
from tests.scaler.runtimes.kubernetes.output import Output
from tests.scaler.runtimes.kubernetes.pods.made import pod
from tests.scaler.runtimes.kubernetes.small_server import SmallServer


class Yard:
    """Where pods are: as much of a picture and its crews as it takes."""

    def __init__(self, server: SmallServer, cluster: Cluster) -> None:
        self._cluster = cluster
        self._server = server
        self._news = asyncio.Event()
        self.outputs: list[Output] = []

    def add(self, name: str) -> Output:
        output = Output(self._server, name, len(self.outputs))
        self.outputs.append(output)
        return output

    def tell(self) -> None:
        """The API server tells how the pods are now."""
        self._news.set()

    def pods(self, _: str) -> list[Pod]:
        return [output.pod() for output in self.outputs]

    async def news(self, _: str, patience: float) -> None:
        await self._news.wait()
        self._news.clear()

    @asynccontextmanager
    async def followed(self, lines: int | None = 100, since: str = "") -> AsyncIterator[list[Line]]:
        """The lines as they come."""
        found: list[Line] = []
        async with asyncio.TaskGroup() as group:
            asked = follow(self._cluster, self, self, "shop/web", found.extend, lines, since)  # type: ignore[arg-type]
            task = group.create_task(asked)
            await asyncio.sleep(0)  # it has looked at the pods that are there
            try:
                yield found
            finally:
                task.cancel()


@pytest.fixture
async def yard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Yard]:
    monkeypatch.setattr(following, "PAUSES", (0.01, 0.05))
    server = SmallServer()
    async with server.running(tmp_path) as cluster:
        yield Yard(server, cluster)


def texts(found: list[Line]) -> list[str]:
    return [line.text for line in found]


async def test_the_last_lines_come_first_and_then_what_is_written(yard: Yard) -> None:
    web = yard.add("web-1")
    web.write(1, "one", "two")
    web.write(2, "three")
    async with yard.followed(2) as found:
        await until(lambda: texts(found) == ["two", "three"])
        web.write(3, "four")
        await until(lambda: texts(found) == ["two", "three", "four"])
        assert found[0] == ("2026-11-23T06:00:01.000000001Z", ("web-1", "web"), "two")
        assert web.open == 1
    await until(lambda: web.open == 0)


async def test_only_what_is_later_than_a_time_is_told(yard: Yard) -> None:
    web = yard.add("web-1")
    web.write(1, "one", "two")
    async with yard.followed(None, "2026-11-23T06:00:01.000000000Z") as found:
        await until(lambda: texts(found) == ["two"])
        assert "tailLines" not in web.streams[0]


async def test_a_connection_that_breaks_is_taken_up_again_without_doubled_lines(yard: Yard) -> None:
    web = yard.add("web-1")
    async with yard.followed(0) as found:
        await until(lambda: web.open)
        for turn in range(5):
            web.write(turn, "one", "two")
            await until(lambda: len(found) == 4 * turn + 2)  # noqa: B023 - awaited at once
            web.cut()
            web.write(turn, "three", "four")
            await until(lambda: len(found) == 4 * turn + 4)  # noqa: B023 - as above
    assert texts(found) == ["one", "two", "three", "four"] * 5


async def test_times_that_go_back_lose_no_line_live_or_where_it_is_taken_up_again(yard: Yard) -> None:
    web = yard.add("web-1")
    async with yard.followed(0) as found:
        await until(lambda: web.open)
        web.write(9, "one")
        web.write(5, "the clock was set back", "three")
        await until(lambda: len(found) == 3)
        web.cut()
        web.write(5, "four")
        await until(lambda: len(found) == 4)
        web.write(4, "and again")
        await until(lambda: len(found) == 5)
    assert texts(found) == ["one", "the clock was set back", "three", "four", "and again"]


async def test_what_a_kubelet_says_instead_of_lines_is_not_the_container_s(yard: Yard) -> None:
    web = yard.add("web-1")
    async with yard.followed() as found:
        web.write(1, "one")
        web.lines.append(("unable", "to retrieve container logs for containerd://1f6a"))
        web.write(2, "two")
        await until(lambda: len(found) == 2)
    assert texts(found) == ["one", "two"]


async def test_a_container_that_is_started_again_is_followed_on(yard: Yard) -> None:
    web = yard.add("web-1")
    web.write(1, "of the first run")
    async with yard.followed() as found:
        await until(lambda: web.open)
        web.write(2, "last words")
        web.stop()
        yard.tell()
        await until(lambda: not web.open and len(found) == 2)
        web.start()
        web.write(3, "of the second run")
        yard.tell()
        await until(lambda: len(found) == 3)
    assert texts(found) == ["of the first run", "last words", "of the second run"]


async def test_what_has_ended_is_not_asked_for_all_the_time(yard: Yard) -> None:
    web = yard.add("web-1")
    web.write(1, "all that it says")
    web.stop()
    async with yard.followed() as found:
        await until(lambda: len(found) == 1)
        await asyncio.sleep(0.3)
        assert len(web.streams) == 1


async def test_pods_that_come_later_are_told_from_their_first_line_on(yard: Yard) -> None:
    async with yard.followed(0) as found:
        new = yard.add("web-2")
        new.write(1, "first", "second")
        yard.tell()
        await until(lambda: texts(found) == ["first", "second"])


async def test_the_last_words_of_a_pod_that_goes_are_told_and_then_its_stream_ends(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LAST_WORDS", 0.2)
    web = yard.add("web-1")
    async with yard.followed() as found:
        await until(lambda: web.open)
        yard.outputs.clear()
        yard.tell()
        await asyncio.sleep(0)
        web.write(1, "bye")
        await until(lambda: texts(found) == ["bye"])
        await until(lambda: web.open == 0)
        assert len(web.streams) == 1


async def test_one_that_has_not_started_yet_is_waited_for(yard: Yard) -> None:
    web = yard.add("web-1")
    web.now = Container("web")
    async with yard.followed() as found:
        await asyncio.sleep(0.1)
        assert web.streams == []
        web.start()
        web.write(1, "one")
        yard.tell()
        await until(lambda: texts(found) == ["one"])


async def test_one_that_writes_nothing_for_long_is_asked_once(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "DEADLINE", 0.05)
    web = yard.add("web-1")
    web.write(1, "before")
    async with yard.followed(0) as found:
        await until(lambda: web.open)
        await asyncio.sleep(0.3)
        web.write(2, "at last")
        await until(lambda: texts(found) == ["at last"])
        assert len(web.streams) == 1


async def test_what_may_not_be_read_is_told_once(yard: Yard) -> None:
    web = yard.add("web-1")
    web.refused = 403
    async with yard.followed() as found:
        await until(lambda: texts(found) == ["(not for you)"])
        web.refused = None
        web.write(1, "one")
        await until(lambda: texts(found) == ["(not for you)", "one"])


def test_of_many_pods_and_containers_the_newest_are_followed() -> None:
    pods = [pod(f"web-{turn}", created=f"2026-11-23T06:{turn:02}:00Z") for turn in range(MOST_PODS + 5)]
    assert [place.source.pod for place in places(pods)] == [f"web-{turn}" for turn in range(5, MOST_PODS + 5)]
    many = tuple(Container(f"c{turn}") for turn in range(5))
    assert len(places([pod(one.name, containers=many) for one in pods])) == MOST_CONTAINERS
