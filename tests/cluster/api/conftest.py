import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from scaler.runtimes.kubernetes.api.access import Kubeconfig
from scaler.runtimes.kubernetes.api.cluster import Cluster
from tests.cluster.rig.cluster import Cluster as Rig
from tests.cluster.rig.space import Space


@pytest.fixture
async def api(control_plane: Rig) -> AsyncIterator[Cluster]:
    """The API server of a cluster without a node, as an administrator."""
    with control_plane.network.inside():
        async with Cluster(Kubeconfig(str(control_plane.kubeconfig))) as api:
            yield api


@pytest.fixture
def space(control_plane: Rig, request: pytest.FixtureRequest) -> Iterator[Space]:
    """A namespace of the test's own in it."""
    with Space.made(control_plane, "api") as space:
        yield space


@pytest.fixture(scope="session")
def own_plane(control_plane: Rig) -> Iterator[Rig]:  # whoever has none can have no second one
    """A second cluster without a node, for tests that break it."""
    with Rig.start(f"broken-{uuid.uuid4().hex[:6]}", node=False) as plane:
        yield plane


@pytest.fixture
def fragile(own_plane: Rig) -> Iterator[Rig]:
    """That one, mended after each test."""
    yield own_plane
    own_plane.mend()
