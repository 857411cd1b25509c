"""A release with values of its own: certificates from Secrets, and an uninstall that cannot be."""

from collections.abc import Iterator

import pytest

from tests.certificates import Authority, Made
from tests.cluster.chart.by_helm import ByHelm
from tests.cluster.chart.secrets import secret, shown
from tests.cluster.chart.visitors import Town
from tests.cluster.rig.space import Space
from tests.cluster.torpor.in_pods import PROXY, SCALER, SPACE

VALUES = {
    "image__tag": "dev",
    "proxy__kind": "DaemonSet",
    "proxy__preStopSeconds": 2,
    "proxy__tls__secrets": "{own-tls,not-there-yet}",
    "proxy__tls__wildcard": "wildcard-tls",
}
TLS = 8443
ROUSE = f"system:serviceaccount:{SPACE}:torpor-rouse"

pytestmark = [pytest.mark.timeout(900), pytest.mark.soak]


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def certificates(authority: Authority) -> dict[str, Made]:
    return {"own-tls": authority.make("a.apps.test"), "wildcard-tls": authority.make("*.apps.test")}


@pytest.fixture
def torpor(helm: ByHelm, certificates: dict[str, Made]) -> Iterator[ByHelm]:
    helm.cluster.kubectl("create", "namespace", SPACE)
    helm.space.apply(*(secret(name, made) for name, made in certificates.items()))
    with helm.installed(**VALUES) as running:
        yield running


def test_each_host_is_shown_its_certificate_and_all_others_the_wildcard(
    torpor: ByHelm, authority: Authority, certificates: dict[str, Made]
) -> None:
    network = torpor.cluster.network
    for address in torpor.pods(PROXY).values():
        for host, name in (("a.apps.test", "own-tls"), ("b.apps.test", "wildcard-tls")):
            assert shown(network, authority, (address, TLS), host) == certificates[name].serial


def test_an_uninstall_that_cannot_wake_somebody_fails_names_him_and_leaves_torpor_as_it_was(
    torpor: ByHelm, namespace: Space
) -> None:
    town = Town(torpor, namespace, "stuck")
    town.move_in()
    town.put_to_sleep()
    with torpor.denied(ROUSE, namespace.name, town.name("dozer")):
        done = torpor.try_helm("uninstall", "torpor")
        assert done.returncode != 0
        said = torpor.cluster.kubectl("-n", SPACE, "logs", "job/torpor-rouse")
        assert f"asleep still: {town.id('dozer')}" in said
        assert "not today" in said
        there = {trace for trace in torpor.traces() if "rouse" in trace and not trace.startswith("Pod/")}
        assert there == {f"Job/{SPACE}/torpor-rouse"}, "its rights are gone"
        assert town.counts() == {"dozer": 0, "short": 1, "late": 1, "busy": 1}
        assert (len(torpor.pods(PROXY)), len(torpor.pods(SCALER))) == (1, 2)
        assert torpor.front.visit(town.host("dozer"))[0] == 200, "it is woken all the same"
    torpor.helm("uninstall", "torpor")
    assert town.counts() == {"dozer": 2, "short": 1, "late": 1, "busy": 1}
