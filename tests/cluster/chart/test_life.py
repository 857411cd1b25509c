"""docs/install.md run as it is written, under visitors: none loses a visit, and nobody is left asleep in the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.chart.by_helm import ByHelm
from tests.cluster.chart.page import Page
from tests.cluster.chart.visitors import Town
from tests.cluster.rig import starting
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor import image
from tests.cluster.torpor.in_pods import PROXY, SCALER, SOON, SPACE
from tests.cluster.torpor.running import ROOT
from tests.cluster.torpor.test_in_pods import crowd, slept

HELLO = "docker.io/library/python:3.13-slim"
"""The image of examples/kubernetes/hello: there is no registry, and Torpor's own image has a Python too."""
ROUSE = f"system:serviceaccount:{SPACE}:torpor-rouse"

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def page(helm: ByHelm, tmp_path: Path) -> Iterator[Page]:
    starting.tag(helm.cluster, image.NAME, HELLO)
    try:
        yield Page(ROOT / "docs" / "install.md", helm.cluster, tmp_path)
    finally:
        helm.take_away()
        helm.cluster.unload(HELLO)


def test_from_nothing_to_an_app_woken_by_curl_and_through_an_upgrade_to_nothing_again(
    helm: ByHelm, page: Page, namespace: Space, tmp_path: Path
) -> None:
    said = page.run("Torpor")
    assert "It touches nothing that you have not labelled." in said
    town = Town(helm, namespace, "life")
    town.move_in()

    said = page.run("A first app")
    assert "default/hello asleep" in " ".join(said.split())

    said = page.run("A visit")
    assert " 200 OK" in said
    assert "server-timing: torpor;dur=" in said.lower()

    town.put_to_sleep()
    mark = helm.cluster.audit.mark()
    upgrade(helm, page, namespace, tmp_path)
    assert {"web-upgrade", "sleeper-upgrade"}.isdisjoint(slept(helm, namespace, mark))

    mark = helm.cluster.audit.mark()
    with town.under_way():
        page.run("Taking it out")
        assert town.counts() == {"dozer": 2, "short": 1, "late": 1, "busy": 1}
    until(lambda: not helm.left(), SOON, lambda: f"the end of {helm.left()}")
    helm.wait_gone()
    assert town.counts() == {"dozer": 2, "short": 1, "late": 1, "busy": 1}
    assert [each["metadata"]["name"] for each in namespace.all("deployments") if not each["spec"]["replicas"]] == []
    assert town.name("short") not in slept(helm, namespace, mark), "it would have slept a second after it was woken"
    asked = {(call.verb, call.resource) for call in helm.cluster.audit.calls(since=mark, user=ROUSE)}
    assert asked == {
        *(("list", "deployments"), ("list", "statefulsets"), ("patch", "deployments/scale")),
        *(("get", "leases"), ("patch", "leases")),
    }
    assert not page.sections


def upgrade(helm: ByHelm, page: Page, namespace: Space, directory: Path) -> None:
    """Scalers and proxies at once, as the settings and an argument change."""
    before = helm.pods(PROXY).keys() | helm.pods(SCALER).keys()
    with crowd(helm, namespace, directory, "upgrade", slow=15) as ends:
        page.run("Upgrading")
        for name in (PROXY, SCALER):
            helm.wait_rolled_out(name)
        assert not before & (helm.pods(PROXY).keys() | helm.pods(SCALER).keys())
        assert {ends.wait(pod).code for pod in before} == {0}
