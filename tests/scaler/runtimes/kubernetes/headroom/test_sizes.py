from collections.abc import Mapping
from typing import Any

from scaler.requests import NOTHING, Requests
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.found import Found
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.headroom.room import Sleeper
from scaler.runtimes.kubernetes.headroom.sizes import Sizes
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.pods.pod import Pod, read_pod
from tests.scaler.runtimes.kubernetes.cluster_objects import AUTOSCALERS, DEPLOYMENTS, annotated, deployment, meta
from torpor.words import AppId

APP = "shop/web"


class Sight:
    """One app of a cluster, and its pods."""

    def __init__(self) -> None:
        self.discovery = Discovery(Serve(), Defaults())
        self.there: list[Pod] = []
        self.sizes = Sizes(self)

    @property
    def apps(self) -> Mapping[AppId, Found]:
        return self.discovery.apps

    def pods(self, app: AppId) -> list[Pod]:
        return self.there

    def scale(self, replicas: int, cpu: str | None, *asked: str, remembered: str = "1", image: str = "web:1") -> None:
        """Its template asks for so much, and its pods, one for each of `asked`, for that."""
        written = deployment(replicas=replicas, annotations=annotated(replicas=remembered))
        [container] = written["spec"]["template"]["spec"]["containers"]
        container |= {"image": image, "resources": resources(cpu)}
        self.discovery.put(DEPLOYMENTS, written)
        self.there = [pod(f"web-{number}", each) for number, each in enumerate(asked)]
        self.sizes.look([APP])


def resources(cpu: str | None) -> dict[str, Any]:
    return {"requests": {} if cpu is None else {"cpu": cpu}}


def pod(name: str, cpu: str) -> Pod:
    return read_pod({"metadata": meta(name), "spec": {"containers": [{"name": "main", "resources": resources(cpu)}]}})


def test_who_sleeps_asks_for_what_its_template_says() -> None:
    sight = Sight()
    sight.scale(0, "250m", remembered="3")
    assert sight.sizes.sleepers() == [Sleeper(Requests(250), 3)]
    sight.scale(1, "250m")
    assert sight.sizes.sleepers() == []


def test_a_wake_keeps_to_an_autoscalers_bounds() -> None:
    sight = Sight()
    sight.scale(0, "250m", remembered="9")
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4}
    sight.discovery.put(AUTOSCALERS, {"metadata": meta("web"), "spec": spec})
    assert sight.sizes.sleepers() == [Sleeper(Requests(250), 4)]


def test_what_admission_adds_is_known_from_pods_that_were_seen() -> None:
    sight = Sight()
    sight.scale(2, None, "100m", "350m")
    sight.scale(0, None)
    assert sight.sizes.sleepers() == [Sleeper(Requests(350), 1)]


def test_a_new_revision_is_taken_at_its_word() -> None:
    sight = Sight()
    sight.scale(1, "100m", "350m")
    sight.scale(0, "200m", image="web:2")
    assert sight.sizes.sleepers() == [Sleeper(Requests(200), 1)]


def test_what_is_gone_is_forgotten() -> None:
    sight = Sight()
    sight.scale(1, None, "350m")
    sight.discovery.remove(DEPLOYMENTS, "shop", "web")
    sight.sizes.look([APP])
    sight.scale(0, None)
    assert sight.sizes.sleepers() == [Sleeper(NOTHING, 1)]
