"""The last lines that an app's pods have written, the oldest pod's first."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from scaler.logs.line import Line, Source, read_line
from scaler.logs.past import LEFT_OUT
from scaler.logs.splitter import Splitter
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.pods.pod import Pod

MOST_PODS = 10
MOST_CONTAINERS = 20
MOST_BYTES = 1024 * 1024
"""Of one container."""
MOST_IN_ALL = 2 * 1024 * 1024
"""Bytes of all of an app; when they could be more, each container has an equal share."""
DEADLINE = 10.0
"""Seconds for all that is read of one container."""


class Place(NamedTuple):
    """A container of one pod; another pod of the same name is another place."""

    uid: str
    namespace: str
    source: Source


def places(pods: Sequence[Pod]) -> dict[Place, Pod]:
    """The containers of the newest pods, those of the oldest first: of the many that there may be the last."""
    newest = sorted(pods, key=lambda pod: (pod.created, pod.name))[-MOST_PODS:]
    found = [
        (Place(pod.uid, pod.namespace, Source(pod.name, container.name)), pod)
        for pod in newest
        for container in pod.containers
    ]
    return dict(found[-MOST_CONTAINERS:])


async def log_tail(cluster: Cluster, pods: Sequence[Pod], lines: int, since: str = "") -> list[Line]:
    """The last lines of each of their containers, of those after `since` if given."""
    asked = places(pods)
    parts: dict[Place, list[Line]] = {}
    most = min(MOST_BYTES, MOST_IN_ALL // max(1, len(asked)))

    async def read(place: Place) -> None:
        parts[place] = await _tail(cluster, place, lines, since, most)

    async with asyncio.TaskGroup() as group:
        for place in asked:
            group.create_task(read(place))
    return [line for place in asked for line in parts[place]]


async def _tail(cluster: Cluster, place: Place, lines: int, since: str, most: int) -> list[Line]:
    try:
        async with asyncio.timeout(DEADLINE):
            written, whole = await _end(cluster, place, lines, since, most)
    except TimeoutError:
        return [Line("", place.source, f"(no answer within {DEADLINE:g}s)")]
    except ApiError as error:
        return [Line("", place.source, f"({error.message})")]
    found = [read_line(line, place.source) for line in written]
    later = [line for line in found if line.at > since] if since else found
    return later if whole else [Line("", place.source, LEFT_OUT), *later]


async def _end(cluster: Cluster, place: Place, lines: int, since: str, most: int) -> tuple[list[str], bool]:
    """The last lines, and whether that is all that was asked for. An API server cuts off the end of what is too much,
    which is the newest: so there it is asked for fewer lines, down to the beginning of the last one."""
    where, (pod, container) = place.namespace, place.source
    asked = lines
    while True:
        splitter = Splitter()
        log = cluster.log(where, pod, container=container, tail=asked, since=since, most=most)
        async with log as stream:
            body = await stream.body()
        if len(body) < most or asked <= 1:
            return splitter.feed(body) + splitter.end(), asked == lines
        asked //= 2
