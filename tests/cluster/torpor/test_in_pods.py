"""Torpor as people run it: in pods, from the manifests, rolled out anew while visitors come. No visit may be lost.

tests/cluster/chart does the same with Helm, each time; here most is for the long runs.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.in_pods import PROXY, SCALER, SOON, Ends, InPods
from tests.cluster.torpor.looping import Keeping, Looping
from tests.cluster.torpor.manifests import app

PRE_STOP = 10.0
"""Seconds that a proxy goes on as before, as the manifests say."""
KEPT = 0.5
"""Seconds between two visits on a connection that is kept: longer than the engine's looks at what is open."""
ROUNDS = 8

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def torpor(with_image: Cluster) -> Iterator[InPods]:
    with InPods(with_image).up() as running:
        yield running


def test_the_manifests_come_up_as_they_are_and_a_visit_wakes_an_app(torpor: InPods, namespace: Space) -> None:
    assert torpor.leader() in torpor.pods(SCALER)
    assert len(torpor.pods(SCALER)) == len(torpor.pods(PROXY)) == 2
    namespace.apply(*app("first", replicas=2))
    wait_served(torpor, "first")
    until(lambda: torpor.api("GET", "/v1/info")[1].get("proxies") == 2, SOON, "both proxies")

    asleep = f"/v1/apps/{namespace.name}/first/sleep"  # a scaler that has only just begun refuses that
    until(lambda: torpor.api("POST", asleep)[0] == 200, SOON, "a sleep", beat=0.5)
    assert namespace.replicas("first") == 0

    assert torpor.front.visit("first.test")[0] == 200
    assert namespace.replicas("first") == 2


@pytest.mark.soak
def test_rolling_out_the_proxies_loses_no_visit(torpor: InPods, namespace: Space, tmp_path: Path) -> None:
    with crowd(torpor, namespace, tmp_path, "proxies", slow=20) as ends:
        before = torpor.pods(PROXY)
        torpor.roll_out(PROXY)
        assert not before.keys() & torpor.pods(PROXY).keys()
        for pod in before:
            end = ends.wait(pod)
            assert end.code == 0
            assert end.after >= PRE_STOP - 1


@pytest.mark.soak
def test_rolling_out_the_scalers_loses_no_visit_and_puts_nobody_to_sleep(
    torpor: InPods, namespace: Space, tmp_path: Path
) -> None:
    mark = torpor.cluster.audit.mark()
    with crowd(torpor, namespace, tmp_path, "scalers", slow=12) as ends:
        before = torpor.pods(SCALER)
        torpor.roll_out(SCALER)
        until(lambda: torpor.leader() in torpor.pods(SCALER), SOON, "a leader among the new ones")
        for pod in before:
            assert ends.wait(pod).code == 0
        until(lambda: torpor.api("GET", "/v1/info")[1].get("proxies") == 2, SOON, "both proxies")
        assert {"web-scalers", "sleeper-scalers"}.isdisjoint(slept(torpor, namespace, mark))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_rolling_out_all_of_it_at_once_again_and_again_loses_no_visit(
    torpor: InPods, namespace: Space, tmp_path: Path
) -> None:
    for number in range(ROUNDS):
        with crowd(torpor, namespace, tmp_path, f"round-{number}", slow=20) as ends:
            before = torpor.pods(PROXY).keys() | torpor.pods(SCALER).keys()
            for name in (PROXY, SCALER):
                torpor.begin_to_roll_out(name)
            for name in (PROXY, SCALER):
                torpor.wait_rolled_out(name)
            assert {ends.wait(pod).code for pod in before} == {0}


@contextlib.contextmanager
def crowd(torpor: InPods, namespace: Space, directory: Path, whose: str, *, slow: int) -> Iterator[Ends]:
    """Visitors of all kinds, for the length of the block and of what they have begun; none of them may lose a visit.

    Through each proxy, a slow answer is under way and a visit waits for an app that is slow to start, `slow` seconds
    each; and somebody keeps his connection. Hosts are those of no other test: its namespace may still be going.
    """
    web, busy, sleeper = (f"{name}-{whose}" for name in ("web", "busy", "sleeper"))
    namespace.apply(
        *app(web, replicas=2),
        *app(busy, replicas=1, annotations={"idle-timeout": "2s"}),
        *app(sleeper, annotations={"wake-timeout": "10m"}, environment={"START_DELAY_MS": slow * 1000}),
    )
    wait_served(torpor, web, busy, sleeper)
    doors = torpor.doors()
    here = torpor.cluster.network
    with contextlib.ExitStack() as stack:
        ends = stack.enter_context(torpor.watched(directory))
        answers = [stack.enter_context(Looping(door, f"{busy}.test", f"/slow?ms={slow}000", times=1)) for door in doors]
        held = [stack.enter_context(Looping(door, f"{sleeper}.test", times=1)) for door in doors]
        loop = stack.enter_context(Looping(torpor.front, f"{web}.test"))
        keeping = [
            stack.enter_context(Keeping(here, door.address, torpor.front.address, f"{web}.test", pause=KEPT))
            for door in doors
        ]
        wait_begun(torpor, f"{namespace.name}/{busy}", "in_flight", answers)
        wait_begun(torpor, f"{namespace.name}/{sleeper}", "held", held)
        yield ends
        until(lambda: all(one.done for one in (*answers, *held)), SOON, "the slow ones", beat=0.1)
    loops = (*answers, *held, loop, *keeping)
    failures = [failure for one in loops for failure in one.failures]
    assert not failures, "\n".join(failures)
    assert all(one.count for one in loops)


def wait_begun(torpor: InPods, app: str, what: str, visits: list[Looping]) -> None:
    """Until the scaler knows that all are under way, or a busy machine was slower than they were."""

    def look() -> bool:
        return torpor.app(app).get(what) == len(visits) or any(one.done for one in visits)

    until(look, SOON, f"{what} of {app}")


def wait_served(torpor: InPods, *names: str) -> None:
    """Until every proxy knows these apps, and visits to the first are answered."""
    for door in torpor.doors():
        until(lambda door=door: all(door.knows(f"{name}.test") for name in names), SOON, f"{names} known")  # type: ignore[misc]
    until(lambda: torpor.front.visit(f"{names[0]}.test")[0] == 200, SOON, f"a visit to {names[0]}", beat=0.2)


def slept(torpor: InPods, namespace: Space, since: int) -> set[str]:
    """The apps that Torpor has put to sleep."""
    written = torpor.cluster.audit.writes(since=since, user=torpor.user, namespace=namespace.name)
    return {
        call.name for call in written if call.resource == "deployments/scale" and call.sent["spec"]["replicas"] == 0
    }
