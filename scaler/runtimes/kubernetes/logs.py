"""The last lines that an app's pods have written, the oldest pod's first."""

import asyncio
from collections.abc import Sequence

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.pods.pod import Pod

MOST_PODS = 10
MOST_BYTES = 1024 * 1024
"""Of one container."""
DEADLINE = 10.0


async def log_tail(cluster: Cluster, pods: Sequence[Pod], lines: int) -> list[str]:
    """The last `lines` of each container of the newest pods; with several each line says whose it is."""
    newest = sorted(pods, key=lambda pod: (pod.created, pod.name))[-MOST_PODS:]
    places = [(pod, container.name) for pod in newest for container in pod.containers]
    parts: dict[tuple[str, str], list[str]] = {}

    async def read(pod: Pod, container: str) -> None:
        parts[pod.name, container] = await _tail(cluster, pod, container, lines)

    async with asyncio.TaskGroup() as group:
        for pod, container in places:
            group.create_task(read(pod, container))
    several = len(places) > 1
    return [
        f"{pod.name} {container}: {line}" if several else line
        for pod, container in places
        for line in parts[pod.name, container]
    ]


async def _tail(cluster: Cluster, pod: Pod, container: str, lines: int) -> list[str]:
    try:
        async with asyncio.timeout(DEADLINE):
            async with cluster.log(pod.namespace, pod.name, container=container, tail=lines, most=MOST_BYTES) as stream:
                return (await stream.body()).decode("utf-8", "replace").splitlines()
    except TimeoutError:
        return [f"(no answer within {DEADLINE:g}s)"]
    except ApiError as error:
        return [f"({error.message})"]
