from collections.abc import Iterator

import pytest

from scaler.runtimes.kubernetes.api import kinds
from tests.cluster.rig import definitions
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space

GATEWAY_KINDS = (kinds.HTTP_ROUTES[0], kinds.GATEWAYS[0], kinds.REFERENCE_GRANTS[1])


@pytest.fixture
def space(control_plane: Cluster) -> Iterator[Space]:
    """A namespace of the test's own on a cluster without a node."""
    with Space.made(control_plane, "discovery") as space:
        yield space


@pytest.fixture
def gateway_api(control_plane: Cluster) -> Iterator[None]:
    """The kinds of the Gateway API, as their makers define them. Other tests want a cluster without."""
    with definitions.gateway_api(control_plane):
        yield
