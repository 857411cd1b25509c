import pytest

from scaler.runtimes.kubernetes.objects.autoscalers import Target, read_autoscaler, read_scaled_object
from scaler.runtimes.kubernetes.objects.reading import Malformed
from tests.scaler.runtimes.kubernetes.cluster_objects import AUTOSCALERS, SCALED_OBJECTS, Json, meta


def hpa(**spec: object) -> Json:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {"metadata": meta("h"), "spec": {"scaleTargetRef": target} | spec}


def test_a_count_is_kept_within_the_bounds() -> None:
    one = read_autoscaler(AUTOSCALERS, hpa(minReplicas=2, maxReplicas=4))
    assert one.target == Target("apps", "Deployment", "shop", "web")
    assert [one.clamp(count) for count in (0, 2, 3, 9)] == [2, 2, 3, 4]


def test_bounds_that_make_no_sense_wake_at_least_one() -> None:
    one = read_autoscaler(AUTOSCALERS, hpa(minReplicas=0, maxReplicas=-1))
    assert one.clamp(5) == 1


def test_a_scaled_object_means_a_deployment_unless_it_says_otherwise() -> None:
    source = {"metadata": meta("k"), "spec": {"scaleTargetRef": {"name": "web"}}}
    assert read_scaled_object(SCALED_OBJECTS, source).target == Target("apps", "Deployment", "shop", "web")


def test_one_that_scales_nobody_is_malformed() -> None:
    with pytest.raises(Malformed):
        read_autoscaler(AUTOSCALERS, {"metadata": meta("h"), "spec": {}})
