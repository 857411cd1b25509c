"""A sleep's two writes, to a workload on which others write at the same time."""

from collections.abc import Callable
from typing import Any

import pytest

from scaler.runtime import StopRefused
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS
from scaler.runtimes.kubernetes.objects.remembered import Remembered
from scaler.runtimes.kubernetes.objects.workload import read_workload
from scaler.runtimes.kubernetes.scale import Seen, to_nothing
from tests.cluster.rig.manifests import deployment
from tests.cluster.rig.space import SOON, Space
from tests.cluster.rig.until import until


async def seen(api: Cluster, space: Space) -> Seen:
    return Seen.of(read_workload(DEPLOYMENTS, await api.get(DEPLOYMENTS, space.name, "web")))


def annotations(space: Space) -> dict[str, str]:
    found: dict[str, str] = space.get("deployments", "web")["metadata"].get("annotations", {})
    return found


def deploy(space: Space) -> None:
    space.apply(deployment("web", replicas=2, environment={"REVISION": 2}))


def grow(space: Space) -> None:
    space.scale("web", 3)


async def test_annotations_that_others_write_meanwhile_do_not_keep_it_from_sleeping(api: Cluster, space: Space) -> None:
    """A Deployment's generation counts them too: see PrepareForUpdate of the API server's Deployment strategy."""
    space.apply(deployment("web", replicas=2))
    until(lambda: "deployment.kubernetes.io/revision" in annotations(space), SOON, "the controller's annotation")
    before = await seen(api, space)
    space.patch("deployments", "web", {"metadata": {"annotations": {"somebody": "was here"}}})
    generation = await to_nothing(api, before, Remembered(last_access=1_800_000_000.0))
    now: dict[str, Any] = await api.get(DEPLOYMENTS, space.name, "web")
    assert now["spec"]["replicas"] == 0
    assert now["metadata"]["annotations"]["somebody"] == "was here"
    assert now["metadata"]["annotations"]["torpor.dev/replicas"] == "2"
    assert now["metadata"]["generation"] == generation


@pytest.mark.parametrize("change", [deploy, grow])
async def test_what_has_been_deployed_or_scaled_meanwhile_is_not_put_to_sleep(
    api: Cluster, space: Space, change: Callable[[Space], None]
) -> None:
    space.apply(deployment("web", replicas=2))
    before = await seen(api, space)
    change(space)
    with pytest.raises(StopRefused, match="changed meanwhile"):
        await to_nothing(api, before, Remembered())
    now: dict[str, Any] = await api.get(DEPLOYMENTS, space.name, "web")
    assert now["spec"]["replicas"] > 0
    assert "torpor.dev/replicas" not in now["metadata"].get("annotations", {})
