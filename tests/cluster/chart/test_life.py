"""docs/install.md run as it is written, under visitors: none loses a visit, and nobody is left asleep in the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scaler.runtimes.kubernetes.headroom.placeholders import NAME as PLACEHOLDERS
from tests.certificates import Authority
from tests.cluster.chart.by_helm import ByHelm
from tests.cluster.chart.page import Page
from tests.cluster.chart.secrets import secret, shown
from tests.cluster.chart.visitors import Town
from tests.cluster.rig import starting
from tests.cluster.rig.images import PAUSE
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor import image
from tests.cluster.torpor.asking import ask, visitor
from tests.cluster.torpor.headroom import running
from tests.cluster.torpor.in_pods import PROXY, SCALER, SOON, SPACE
from tests.cluster.torpor.running import ROOT
from tests.cluster.torpor.test_in_pods import crowd, slept
from torpor.headroom_settings import HeadroomSettings

HELLO = "docker.io/library/python:3.13-slim"
"""The image of examples/kubernetes/hello: there is no registry, and Torpor's own image has a Python too."""
OTHERS = {HELLO: image.NAME, HeadroomSettings().image: PAUSE}
"""Images that are pulled from elsewhere, and what stands for them here."""
HOSTS = {"shop.test": "shop-tls", "*.apps.test": "wildcard-tls"}
"""Whom a certificate is for, and the Secret that it is in."""
STYLE = "p { color: #123456; }"
BRAND = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "torpor-brand"}, "data": {"style.css": STYLE}}
NOT_THE_CHARTS = {
    *(f"Namespace//{SPACE}", f"Lease/{SPACE}/{SCALER}", *(f"Secret/{SPACE}/{name}" for name in HOSTS.values())),
    *(f"ServiceAccount/{SPACE}/default", f"ConfigMap/{SPACE}/kube-root-ca.crt", f"ConfigMap/{SPACE}/torpor-brand"),
}
"""In Torpor's namespace, after an uninstall."""
TLS = 8443
APPLY = "torpor-apply"
ROUSE = f"system:serviceaccount:{SPACE}:torpor-rouse"

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def page(helm: ByHelm, tmp_path: Path) -> Iterator[Page]:
    for name, there in OTHERS.items():
        starting.tag(helm.cluster, there, name)
    try:
        yield Page(ROOT / "docs" / "install.md", helm.cluster, tmp_path)
    finally:
        helm.take_away()
        for name in OTHERS:
            helm.cluster.unload(name)


def test_from_nothing_to_an_app_woken_by_curl_and_through_an_upgrade_to_nothing_again(
    helm: ByHelm, page: Page, namespace: Space, tmp_path: Path
) -> None:
    before = helm.traces()
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
    until(lambda: running(helm.space), SOON, "a placeholder for those that sleep")
    assert {f"Role/review/{APPLY}", f"Deployment/{SPACE}/{PLACEHOLDERS}"} <= helm.traces()
    assert {"web-upgrade", "sleeper-upgrade"}.isdisjoint(slept(helm, namespace, mark))

    mark = helm.cluster.audit.mark()
    with town.under_way():
        page.run("Taking it out")
        assert town.counts() == {"dozer": 2, "short": 1, "late": 1, "busy": 1}
    left = NOT_THE_CHARTS | before
    until(lambda: helm.traces() <= left, SOON, lambda: f"the end of {helm.traces() - left}", beat=2)
    assert town.counts() == {"dozer": 2, "short": 1, "late": 1, "busy": 1}
    assert [each["metadata"]["name"] for each in namespace.all("deployments") if not each["spec"]["replicas"]] == []
    assert town.name("short") not in slept(helm, namespace, mark), "it would have slept a second after it was woken"
    asked = {(call.verb, call.resource) for call in helm.cluster.audit.calls(since=mark, user=ROUSE)}
    assert asked == {
        *(("list", "deployments"), ("list", "statefulsets"), ("patch", "deployments/scale")),
        *(("get", "leases"), ("patch", "leases")),
    }
    page.run("What is left")
    assert helm.traces() <= before
    assert not page.sections


def upgrade(helm: ByHelm, page: Page, namespace: Space, directory: Path) -> None:
    """Scalers and proxies at once, as the settings and arguments change. Then the proxies have certificates."""
    authority = Authority()
    made = {host: authority.make(host) for host in HOSTS}
    helm.space.apply(*(secret(name, made[host]) for host, name in HOSTS.items()), BRAND)
    before = helm.pods(PROXY).keys() | helm.pods(SCALER).keys()
    with crowd(helm, namespace, directory, "upgrade", slow=15) as ends:
        page.run("Upgrading")
        for name in (PROXY, SCALER):
            helm.wait_rolled_out(name)
        assert not before & (helm.pods(PROXY).keys() | helm.pods(SCALER).keys())
        assert {ends.wait(pod).code for pod in before} == {0}
    for address in helm.pods(PROXY).values():
        for host, certificate in made.items():
            asked = host.replace("*", "a")
            assert shown(helm.cluster.network, authority, (address, TLS), asked) == certificate.serial
    browser = visitor("nobody.test") | {"Accept": "text/html"}
    for door in helm.doors():
        assert STYLE in ask(helm.cluster.network, door.address, "GET", "/", browser, within=SOON)[2].decode()
