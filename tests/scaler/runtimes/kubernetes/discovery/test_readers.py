import pytest

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.discovery.readers import read_object, ref_of
from scaler.runtimes.kubernetes.objects.endpoints import EndpointSlice
from scaler.runtimes.kubernetes.objects.ingress import Ingress
from scaler.runtimes.kubernetes.objects.namespace import Namespace
from scaler.runtimes.kubernetes.objects.workload import Workload
from tests.scaler.runtimes.kubernetes.cluster_objects import ROLLOUTS, Json, deployment, ingress, meta, namespace


@pytest.mark.parametrize(
    ("kind", "source", "read"),
    [
        (kinds.DEPLOYMENTS, deployment(), Workload),
        (kinds.STATEFUL_SETS, deployment(), Workload),
        (ROLLOUTS, deployment(), Workload),
        (kinds.NAMESPACES, namespace(), Namespace),
        (kinds.INGRESSES, ingress(), Ingress),
        (kinds.ENDPOINT_SLICES, {"metadata": meta("a")}, EndpointSlice),
    ],
)
def test_each_kind_has_its_reader(kind: kinds.Kind, source: Json, read: type) -> None:
    assert isinstance(read_object(kind, source), read)


def test_what_cannot_be_read_is_still_named_as_far_as_it_says() -> None:
    assert str(ref_of(ROLLOUTS, {"metadata": {"name": "a", "namespace": "n"}})) == "Rollout n/a"
    assert str(ref_of(ROLLOUTS, {"metadata": {"name": "a/b"}})) == "Rollout a/b"
    assert str(ref_of(ROLLOUTS, None)) == "Rollout ?"
