import pytest

from tests.cluster.chart.by_helm import ByHelm
from tests.cluster.rig.cluster import Cluster


@pytest.fixture(scope="module")
def helm(with_image: Cluster) -> ByHelm:
    """Helm on a cluster whose node has the image."""
    return ByHelm(with_image)
