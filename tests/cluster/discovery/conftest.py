from collections.abc import Iterator

import pytest

from scaler.runtimes.kubernetes.api import kinds
from tests.cluster.programs.gateway_api import definitions
from tests.cluster.rig.api import RefusedError
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import SOON, Space
from tests.cluster.rig.until import until

GATEWAY_KINDS = (kinds.HTTP_ROUTES[0], kinds.GATEWAYS[0], kinds.REFERENCE_GRANTS[1])
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture
def space(control_plane: Cluster) -> Iterator[Space]:
    """A namespace of the test's own on a cluster without a node."""
    with Space.made(control_plane, "discovery") as space:
        yield space


@pytest.fixture
def gateway_api(control_plane: Cluster) -> Iterator[None]:
    """The kinds of the Gateway API, as their makers define them. Other tests want a cluster without."""
    wanted = {kind.plural for kind in GATEWAY_KINDS}
    made = [definition for definition in definitions() if definition["spec"]["names"]["plural"] in wanted]
    for definition in made:
        control_plane.api.create(DEFINITIONS, definition)
    until(lambda: _served(control_plane), SOON, "the Gateway API")
    yield
    for definition in made:
        control_plane.api.delete(f"{DEFINITIONS}/{definition['metadata']['name']}")
    until(lambda: control_plane.api.find(GATEWAY_KINDS[0].path()) is None, SOON, "the end of the Gateway API")


def _served(plane: Cluster) -> bool:
    """Whether each kind is there; a new one says at first that it is being made ready."""
    try:
        return all(plane.api.find(kind.path()) for kind in GATEWAY_KINDS)
    except RefusedError:
        return False
