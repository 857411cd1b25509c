"""Placeholders hold room for apps that wake, and give way to them."""

import pytest

from scaler.runtimes.kubernetes.headroom.placeholders import NAME
from tests.cluster.rig.api import path
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.manifests import deployment
from tests.cluster.rig.space import SOON, Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.headroom import allowed, change, large, node_cpu, replicas, room, running
from tests.cluster.torpor.headroom_wakes import FULL, MARK, Wakes
from tests.cluster.torpor.running import Start

pytestmark = pytest.mark.timeout(300)


def compare(namespace: Space, torpor: Start, count: int) -> Wakes:
    """So many wakes on an empty node, and as many on one full of placeholders, which give way."""
    cpu = node_cpu(namespace) * 2 // 5  # two find room beside each other, and no third
    others = large("others", cpu, annotations={"replicas": "2"})  # two of them could come, whether `web` sleeps or not
    namespace.apply(*large("web", cpu), *others)

    def evicted() -> int:
        return len({event["regarding"]["uid"] for event in namespace.all("events", fieldSelector="reason=Preempted")})

    with allowed(namespace) as name:
        headroom = room(name, count=FULL, cpu="1k", node_selector={MARK: namespace.name})
        with torpor({"kubernetes": {"headroom": headroom}}) as up:
            until(lambda: replicas(namespace) == FULL, SOON, "placeholders, which have no node yet")
            wakes = Wakes(namespace, up)
            wakes.take_turns(count)
    until(lambda: evicted() == count, SOON, lambda: f"{evicted()} evicted for {count} wakes")
    print(wakes)  # noqa: T201
    return wakes


@pytest.mark.usefixtures("own_cluster")
def test_each_wake_on_a_node_full_of_placeholders_evicts_one(namespace: Space, torpor: Start) -> None:
    wakes = compare(namespace, torpor, 3)
    assert min(wake.seconds for wake in wakes.full) < 10 * max(wake.seconds for wake in wakes.empty)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("own_cluster")
def test_a_wake_on_a_node_full_of_placeholders_is_little_slower_than_on_an_empty_one(
    namespace: Space, torpor: Start
) -> None:
    assert compare(namespace, torpor, 25).ratio() < 2.5


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
            until(lambda: written() == 2, SOON, lambda: f"two writes: {written()}")

            namespace.scale(NAME, 5)
            until(lambda: replicas(namespace) == 2, SOON, "what was wanted")
            before = uid()
            api.delete(path("deployments", namespace.name, NAME))
            until(lambda: replicas(namespace) == 2 and uid() != before, SOON, "what was deleted")
            until(lambda: written() == 4, SOON, lambda: f"four writes: {written()}")

            change(up, None)
            until(lambda: replicas(namespace) is None, SOON, "an end to them")
