from typing import Any

import pytest

from scaler.runtimes.kubernetes.discovery.workloads import Workloads, only_moved, opted_in
from scaler.runtimes.kubernetes.objects.service import read_service
from scaler.runtimes.kubernetes.objects.workload import Workload, read_workload
from tests.scaler.runtimes.kubernetes.cluster_objects import (
    DEPLOYMENTS,
    ROLLOUTS,
    SERVICES,
    STATEFULSETS,
    annotated,
    deployment,
    service,
)


def read(**more: Any) -> Workload:
    return read_workload(DEPLOYMENTS, deployment(**more))


@pytest.mark.parametrize(
    ("changed", "moved"),
    [
        ({"replicas": 5}, True),
        ({"version": "9"}, True),
        ({"annotations": annotated(replicas="3", phase="asleep")}, True),
        ({"annotations": annotated(hold="3s")}, False),
        ({"labels": {"app": "other"}}, False),
        ({"managed": "false"}, False),
        ({"probe": {"tcpSocket": {"port": 1}}}, False),
    ],
)
def test_what_changes_all_the_time_is_no_change_of_the_app(changed: dict[str, Any], moved: bool) -> None:
    assert only_moved(read(), read(**changed)) is moved


def test_a_deployment_goes_before_a_stateful_set_and_that_before_the_rest() -> None:
    workloads = Workloads()
    for kind in (ROLLOUTS, STATEFULSETS, DEPLOYMENTS):
        workloads.put(read_workload(kind, deployment()))
        holder = workloads.holder("shop/web")
        assert holder is not None
        assert holder.ref.kind == kind.kind
    workloads.put(read(managed="false"))
    holder = workloads.holder("shop/web")
    assert holder is not None
    assert holder.ref.kind == "StatefulSet"


def test_a_service_selects_by_the_labels_of_the_pod_template_in_its_own_namespace() -> None:
    workloads = Workloads()
    for name, place in (("web", "shop"), ("web", "other"), ("api", "shop")):
        workloads.put(read(name=name, namespace=place))
    selected = workloads.selected(read_service(SERVICES, service()))
    assert [workload.app for workload in selected] == ["shop/web"]
    workloads.remove(selected[0])
    assert workloads.selected(read_service(SERVICES, service())) == []
    assert workloads.selected(None) == []
    assert [workload.app for workload in workloads.inside("shop")] == ["shop/api"]


def test_a_namespace_opts_in_whom_it_may() -> None:
    label = {"torpor.dev/managed": "true"}
    assert opted_in(read(managed=None), label).managed
    assert not opted_in(read(managed="false"), label).managed
    assert opted_in(read(managed="true"), {}).managed
    assert not opted_in(opted_in(read(managed=None), label), {}).managed
