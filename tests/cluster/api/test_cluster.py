"""What an API server does with our calls."""

import asyncio

import pytest

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS, NAMESPACES, PODS
from tests.cluster.rig.manifests import deployment
from tests.cluster.rig.space import Space


async def test_a_scale_is_one_patch_and_its_owner_is_torpor(api: Cluster, space: Space) -> None:
    space.apply(deployment("web"))
    await api.patch(DEPLOYMENTS, space.name, "web", {"spec": {"replicas": 3}}, subresource="scale")
    found = await api.get(DEPLOYMENTS, space.name, "web")
    assert found["spec"]["replicas"] == 3
    [ours] = [entry for entry in found["metadata"]["managedFields"] if entry["manager"] == "torpor"]
    assert ours["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    assert ours["subresource"] == "scale"


async def test_a_patch_with_a_version_takes_only_if_nobody_was_faster(api: Cluster, space: Space) -> None:
    space.apply(deployment("web"))
    before = await api.get(DEPLOYMENTS, space.name, "web", subresource="scale")
    space.scale("web", 2)
    patch = {"metadata": {"resourceVersion": before["metadata"]["resourceVersion"]}, "spec": {"replicas": 5}}
    with pytest.raises(ApiError, match="has been modified") as caught:
        await api.patch(DEPLOYMENTS, space.name, "web", patch, subresource="scale")
    assert caught.value.conflict
    assert space.replicas("web") == 2


async def test_a_server_side_apply_takes_only_what_is_free_unless_by_force(api: Cluster, space: Space) -> None:
    space.apply(deployment("web", replicas=1))
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 4}}
    with pytest.raises(ApiError, match="conflict") as caught:
        await api.patch(DEPLOYMENTS, space.name, "web", body, how="apply")
    assert caught.value.conflict
    await api.patch(DEPLOYMENTS, space.name, "web", body, how="apply", force=True)
    assert space.replicas("web") == 4


async def test_a_dry_run_changes_nothing(api: Cluster, space: Space) -> None:
    space.apply(deployment("web"))
    said = await api.patch(DEPLOYMENTS, space.name, "web", {"spec": {"replicas": 9}}, dry_run=True)
    assert said["spec"]["replicas"] == 9
    assert space.replicas("web") == 0


async def test_a_refusal_comes_in_the_servers_own_words(api: Cluster, space: Space) -> None:
    with pytest.raises(ApiError, match='"web" not found') as caught:
        await api.patch(DEPLOYMENTS, space.name, "web", {"spec": {"replicas": 1}}, subresource="scale")
    assert caught.value.not_found
    with pytest.raises(ApiError, match="RFC 1123") as caught:
        await api.create(NAMESPACES, None, {"metadata": {"name": "No Such Name"}})
    assert (caught.value.status, caught.value.reason) == (422, "Invalid")


async def test_a_list_in_pages_is_whole(api: Cluster, space: Space) -> None:
    names = [f"web-{number:02}" for number in range(7)]
    space.apply(*map(deployment, names))
    found, more = [], ""
    while True:
        page = await api.page(DEPLOYMENTS, space.name, limit=3, more=more)
        found += [item["metadata"]["name"] for item in page.items]
        more = page.more
        if not more:
            break
    assert found == names
    assert len(await api.list_all(DEPLOYMENTS, space.name, field_selector="metadata.name=web-03")) == 1


async def test_a_delete_with_a_version_takes_only_if_nobody_was_faster(api: Cluster, space: Space) -> None:
    space.apply(deployment("web"))
    with pytest.raises(ApiError) as caught:
        await api.delete(DEPLOYMENTS, space.name, "web", version="1")
    assert caught.value.conflict
    await api.delete(DEPLOYMENTS, space.name, "web")


async def test_calls_of_many_at_once_all_come_through(api: Cluster, space: Space) -> None:
    names = [f"web-{number:03}" for number in range(100)]
    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(api.create(DEPLOYMENTS, space.name, deployment(name)))
    async with asyncio.TaskGroup() as group:
        for name in names:
            patch = {"spec": {"replicas": 1}}
            group.create_task(api.patch(DEPLOYMENTS, space.name, name, patch, subresource="scale"))
    assert [item["spec"]["replicas"] for item in await api.list_all(DEPLOYMENTS, space.name)] == [1] * 100


async def test_there_are_no_pods_without_a_node_and_that_is_no_error(api: Cluster, space: Space) -> None:
    assert await api.list_all(PODS, space.name) == []
