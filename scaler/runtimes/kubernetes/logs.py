"""The last lines that an app's pods have written, the oldest pod's first."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from scaler.logs.line import Line, Source, read_line
from scaler.logs.splitter import Splitter
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.pods.pod import Pod

MOST_PODS = 10
MOST_CONTAINERS = 20
MOST_BYTES = 1024 * 1024
"""Of one container."""
DEADLINE = 10.0


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

    async def read(place: Place) -> None:
        parts[place] = await _tail(cluster, place, lines, since)

    async with asyncio.TaskGroup() as group:
        for place in asked:
            group.create_task(read(place))
    return [line for place in asked for line in parts[place]]


async def _tail(cluster: Cluster, place: Place, lines: int, since: str) -> list[Line]:
    where, (pod, container) = place.namespace, place.source
    splitter = Splitter()
    try:
        async with (
            asyncio.timeout(DEADLINE),
            cluster.log(where, pod, container=container, tail=lines, since=since, most=MOST_BYTES) as stream,
        ):
            whole = splitter.feed(await stream.body()) + splitter.end()
    except TimeoutError:
        return [Line("", place.source, f"(no answer within {DEADLINE:g}s)")]
    except ApiError as error:
        return [Line("", place.source, f"({error.message})")]
    found = [read_line(line, place.source) for line in whole]
    return [line for line in found if line.at > since] if since else found
