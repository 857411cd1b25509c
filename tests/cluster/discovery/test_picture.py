"""A picture of a real cluster: what it is kept up to date about, and what it leaves out."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from scaler.runtimes.kubernetes.api.access import Kubeconfig
from scaler.runtimes.kubernetes.api.cluster import Cluster as Api
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.objects.reading import KindOf
from scaler.runtimes.kubernetes.picture import Picture
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.manifests import deployment, service
from tests.cluster.rig.space import SOON, Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import MANAGED, ingress
from torpor.words import Address, AppId

SLICE = "endpointslices"


def written(name: str, *addresses: str) -> dict[str, object]:
    """By hand, for the Service of this name."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address]} for address in addresses],
    }


async def test_slices_that_somebody_writes_are_followed_while_the_controllers_own_are_not_told(
    control_plane: Cluster, space: Space
) -> None:
    lost = service("fixed")
    del lost["spec"]["selector"]
    space.apply(deployment("web", labels=MANAGED), service("web"), ingress("web", "web.test"))
    space.apply(lost, written("fixed", "10.4.5.6"), ingress("fixed", "fixed.test"))
    until(lambda: len(space.all(SLICE)) == 2, SOON, "the controller's slice of web")
    told: list[str] = []

    class Ear(Discovery):
        def put(self, kind: KindOf, source: Any) -> set[AppId]:
            self._note(kind, [source])
            return super().put(kind, source)

        def replace(self, kind: KindOf, sources: Iterable[Any], namespace: str | None = None) -> set[AppId]:
            sources = list(sources)
            self._note(kind, sources)
            return super().replace(kind, sources, namespace)

        def _note(self, kind: KindOf, sources: list[Any]) -> None:
            if kind.plural == SLICE:
                told.extend(source["metadata"]["name"] for source in sources)

    async def until_so(so: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON):
            while not so():
                await asyncio.sleep(0.02)

    def addresses() -> tuple[Address, ...]:
        backing = discovery.apps[f"{space.name}/service~fixed"].backing
        return backing.addresses[""] if backing is not None else ()

    discovery = Ear(Serve(), Defaults())
    with control_plane.network.inside():
        async with Api(Kubeconfig(str(control_plane.kubeconfig))) as api, asyncio.TaskGroup() as group:
            picture = Picture(api, discovery, namespaces=[space.name])
            running = group.create_task(picture.run())
            await until_so(picture.whole.is_set)
            assert addresses() == (Address("10.4.5.6", 8080),)
            space.apply(written("fixed", "10.4.5.6", "10.4.5.7"))
            await until_so(lambda: addresses() == (Address("10.4.5.6", 8080), Address("10.4.5.7", 8080)))
            space.cluster.api.delete(f"/apis/discovery.k8s.io/v1/namespaces/{space.name}/{SLICE}/fixed")
            await until_so(lambda: not addresses())
            running.cancel()
    assert set(told) == {"fixed"}
    assert f"{space.name}/web" in discovery.apps
