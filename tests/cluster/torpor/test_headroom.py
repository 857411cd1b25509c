"""Placeholders hold room for apps that wake, and give way to them."""

import pytest

from scaler.runtimes.kubernetes.headroom.placeholders import NAME
from tests.cluster.rig.api import path
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.manifests import deployment
from tests.cluster.rig.space import SOON, Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.headroom import (
    allowed,
    change,
    large,
    node_cpu,
    p50,
    replicas,
    room,
    running,
    wake_times,
)
from tests.cluster.torpor.running import Start


def compare(namespace: Space, torpor: Start, count: int) -> None:
    """So many wakes on an empty node, then as many on one full of placeholders, which give way."""
    cpu = node_cpu(namespace) * 2 // 5  # two find room beside each other, and no third
    others = large("others", cpu, annotations={"replicas": "2"})  # two of them could come, whether `web` sleeps or not
    in_the_way = deployment(NAME)  # not Torpor's: while it is there, there are no placeholders
    namespace.apply(*large("web", cpu), *others, in_the_way)

    def evicted() -> int:
        return len({event["regarding"]["uid"] for event in namespace.all("events", fieldSelector="reason=Preempted")})

    with allowed(namespace) as name, torpor({"kubernetes": {"headroom": room(name, count=2, cpu="1k")}}) as up:
        on_empty = wake_times(namespace, up, count, 0)
        up.sleep("web")
        namespace.cluster.api.delete(path("deployments", namespace.name, NAME))
        on_full = wake_times(namespace, up, count, 2)
    until(lambda: evicted() == count, SOON, lambda: f"{evicted()} evicted for {count} wakes")
    print(f"wakes: p50 {p50(on_empty)} on an empty node, {p50(on_full)} on a full one")  # noqa: T201


@pytest.mark.usefixtures("own_cluster")
def test_each_wake_on_a_node_full_of_placeholders_evicts_one(namespace: Space, torpor: Start) -> None:
    compare(namespace, torpor, 3)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("own_cluster")
def test_what_an_eviction_adds_to_a_wake(namespace: Space, torpor: Start) -> None:
    compare(namespace, torpor, 25)


def test_they_follow_who_sleeps_as_soon_as_nothing_is_in_the_way_and_what_others_do_to_them_is_mended(
    own_cluster: Cluster, namespace: Space, torpor: Start
) -> None:
    api = own_cluster.api
    namespace.apply(*large("small", 10), *large("web", 30, replicas=1), deployment(NAME))

    def tells(words: str) -> None:
        until(lambda: words in up.scalers[0].said(), SOON, up.scalers[0].said)

    def requests() -> str:
        spec = namespace.get("deployments", NAME)["spec"]["template"]["spec"]
        return str(spec["containers"][0]["resources"]["requests"]["cpu"])

    def uid() -> str:
        return str(namespace.get("deployments", NAME)["metadata"]["uid"])

    def written() -> int:
        calls = own_cluster.audit.writes(user=up.user)
        return sum(call.name == NAME and call.status < 300 for call in calls)

    with allowed(namespace, value=0) as high, torpor({"kubernetes": {"headroom": room(high, count=3)}}) as up:
        tells("is not Torpor's")
        api.delete(path("deployments", namespace.name, NAME))
        tells("is not below zero")
        api.delete(path("scheduling.k8s.io/v1/priorityclasses", name=high))
        tells(f"there is no PriorityClass {high}")
        assert replicas(namespace) is None

        with allowed(namespace):
            until(lambda: replicas(namespace) == 1, SOON, "one for the app that sleeps")
            assert requests() == "10m"
            namespace.scale("web", 0)
            until(lambda: replicas(namespace) == 2, SOON, "one more")
            assert requests() == "30m"
            until(lambda: len(running(namespace)) == 2, SOON, "both of them")
            assert written() == 2

            namespace.scale(NAME, 5)
            until(lambda: replicas(namespace) == 2, SOON, "what was wanted")
            before = uid()
            api.delete(path("deployments", namespace.name, NAME))
            until(lambda: replicas(namespace) == 2 and uid() != before, SOON, "what was deleted")
            assert written() == 4

            change(up, None)
            until(lambda: replicas(namespace) is None, SOON, "an end to them")
