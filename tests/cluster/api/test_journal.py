"""Events where people look for them."""

import asyncio

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.journal import Journal
from scaler.runtimes.kubernetes.api.kinds import EVENTS
from scaler.runtimes.kubernetes.objects.reading import Ref
from tests.cluster.rig.manifests import deployment
from tests.cluster.rig.space import Space


async def test_kubectl_shows_what_has_happened_to_a_workload_and_how_often(api: Cluster, space: Space) -> None:
    space.apply(deployment("web"))
    about = Ref("apps", "v1", "deployments", "Deployment", space.name, "web")
    journal = Journal(api)

    async def written(count: int) -> None:
        async with asyncio.timeout(60):
            while sum(each["count"] for each in await api.list_all(EVENTS, space.name)) < count:
                await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as group:
        running = group.create_task(journal.run())
        journal.tell(about, "Woken", "by GET / from a browser")
        await written(1)
        journal.tell(about, "WakeFailed", "x" * 2_000, sort="Warning")
        for _ in range(3):
            journal.tell(about, "Woken", "by GET / from a browser")
        await written(5)
        running.cancel()

    assert journal.dropped == 0
    described = space.cluster.kubectl("describe", "-n", space.name, "deployment/web")
    [line] = [line for line in described.splitlines() if "Woken" in line]
    assert line.split()[:2] == ["Normal", "Woken"]
    assert "(x4 over " in line
    assert line.endswith("torpor  by GET / from a browser")
    shown = space.cluster.kubectl("events", "-n", space.name, "--for", "deployment/web")
    assert "WakeFailed" in shown
    assert "by GET / from a browser" in shown
