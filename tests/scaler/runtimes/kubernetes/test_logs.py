"""The last lines of several pods, put together."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from scaler.logs.line import LONGEST
from scaler.logs.past import LEFT_OUT
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.logs import MOST_BYTES, MOST_PODS, log_tail
from scaler.runtimes.kubernetes.pods.container import Container
from scaler.runtimes.kubernetes.pods.pod import Pod
from tests.scaler.runtimes.kubernetes.pods.made import pod
from tests.scaler.runtimes.kubernetes.small_server import SmallServer

AT = "2026-11-23T06:00:00.00000000"
"""All but the last digit of a time."""


@pytest.fixture
def server() -> SmallServer:
    return SmallServer()


@pytest.fixture
async def cluster(server: SmallServer, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with server.running(tmp_path) as cluster:
        yield cluster


def log(name: str) -> tuple[str, str]:
    return "GET", f"/api/v1/namespaces/team/pods/{name}/log"


def made(name: str, minute: int, *containers: str) -> Pod:
    several = tuple(Container(container, "web:1", running=True) for container in containers)
    return pod(name, created=f"2026-11-23T06:{minute:02}:00Z", containers=several or None)


async def test_of_one_container_the_lines_are_as_it_wrote_them_with_their_times(
    server: SmallServer, cluster: Cluster
) -> None:
    server.answers[log("a")] = f"{AT}1Z one\n{AT}2Z two\n"
    lines = await log_tail(cluster, [made("a", 1)], 10)
    assert [(line.at, line.text) for line in lines] == [(f"{AT}1Z", "one"), (f"{AT}2Z", "two")]
    assert [line.text for line in await log_tail(cluster, [made("a", 1)], 10, f"{AT}1Z")] == ["two"]


async def test_of_several_each_line_knows_whose_it_is_the_oldest_pods_first(
    server: SmallServer, cluster: Cluster
) -> None:
    server.answers[log("a")] = f"{AT}3Z young\n"
    server.answers[log("b")] = f"{AT}1Z old\n"
    pods = [made("a", 2), made("b", 1, "main", "side")]
    assert [(*line.source, line.text) for line in await log_tail(cluster, pods, 10)] == [
        ("b", "main", "old"),
        ("b", "side", "old"),
        ("a", "web", "young"),
    ]


class Kubelet:
    """Cuts off as kubelets do: the last lines, and of these the first bytes."""

    def __init__(self, server: SmallServer, *texts: str) -> None:
        self.lines = [f"2026-11-23T06:00:00.{number:09}Z {text}\n" for number, text in enumerate(texts)]
        self.asked: list[int] = []
        server.streams[log("a")[1]] = self._serve

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        wanted, most = int(request.query["tailLines"]), int(request.query["limitBytes"])
        self.asked.append(wanted)
        return web.Response(body="".join(self.lines[-wanted:]).encode()[:most])


async def test_of_more_than_is_read_the_newest_lines_come_and_the_loss_is_told(
    server: SmallServer, cluster: Cluster
) -> None:
    kubelet = Kubelet(server, *(f"{number} {number * 'x'}" for number in range(3_000)))  # ever longer lines
    lines = await log_tail(cluster, [made("a", 1)], 10_000)
    numbers = [int(line.text.split()[0]) for line in lines[1:]]
    assert numbers == list(range(numbers[0], 3_000))
    assert lines[0] == ("", ("a", "web"), LEFT_OUT)
    assert len(kubelet.asked) < 10
    assert [line.text for line in await log_tail(cluster, [made("a", 1)], 2)] == [line.text for line in lines[-2:]]


async def test_a_line_that_is_too_long_by_itself_is_cut(server: SmallServer, cluster: Cluster) -> None:
    Kubelet(server, "one", "2" * 2 * MOST_BYTES)
    told, line = await log_tail(cluster, [made("a", 1)], 2)
    assert told.text == LEFT_OUT
    assert line.text == "2" * (LONGEST - len(line.at) - 1) + "…"


async def test_what_just_fits_is_not_told_as_a_loss(server: SmallServer, cluster: Cluster) -> None:
    Kubelet(server, *["x" * 68] * ((MOST_BYTES - 1) // 100))
    assert len(await log_tail(cluster, [made("a", 1)], 20_000)) == (MOST_BYTES - 1) // 100


async def test_what_cannot_be_read_is_said_in_its_place(server: SmallServer, cluster: Cluster) -> None:
    server.refusals[log("a")] = 400, "container is waiting to start"
    assert [tuple(line) for line in await log_tail(cluster, [made("a", 1)], 10)] == [
        ("", ("a", "web"), "(container is waiting to start)")
    ]


async def test_only_the_newest_pods_are_asked(server: SmallServer, cluster: Cluster) -> None:
    pods = [made(f"p{turn}", turn) for turn in range(MOST_PODS + 2)]
    server.answers |= {log(one.name): "line\n" for one in pods}
    assert len(await log_tail(cluster, pods, 10)) == MOST_PODS
    assert log("p0") not in server.asked


async def test_without_pods_there_are_no_lines(cluster: Cluster) -> None:
    assert await log_tail(cluster, [], 10) == []
