from scaler.runtimes.kubernetes.discovery.scalers import Scalers
from scaler.runtimes.kubernetes.objects.autoscalers import Autoscaler, Target
from scaler.runtimes.kubernetes.objects.reading import Ref

WEB = Ref("apps", "v1", "deployments", "Deployment", "shop", "web")


def one(name: str, target: str = "web") -> Autoscaler:
    ref = Ref("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "shop", name)
    return Autoscaler(ref, Target("apps", "Deployment", "shop", target), 1, 3)


def test_one_is_found_by_whom_it_scales_whatever_the_version() -> None:
    scalers: Scalers[Autoscaler] = Scalers()
    assert scalers.change(None, one("a")) == {"shop/web"}
    assert scalers.of(WEB._replace(version="v1beta1")) == one("a")
    assert scalers.of(WEB._replace(kind="StatefulSet")) is None


def test_of_several_the_first_by_name_counts_and_a_new_target_leaves_the_old_one() -> None:
    scalers: Scalers[Autoscaler] = Scalers()
    scalers.change(None, one("b"))
    scalers.change(None, one("a"))
    assert scalers.of(WEB) == one("a")
    assert scalers.change(one("a"), one("a", "api")) == {"shop/web", "shop/api"}
    assert scalers.of(WEB) == one("b")
    scalers.change(one("b"), None)
    assert scalers.of(WEB) is None
