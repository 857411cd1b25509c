"""A proxy that is cut off from the scaler, or stands still, gives way before anybody sleeps behind its back."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.rig.apart import Apart, apart
from tests.cluster.rig.audit import Call
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.looping import Looping
from tests.cluster.torpor.manifests import app, ingress
from tests.cluster.torpor.running import SOON, Running, Start

LATER = 120.0
"""Seconds for what takes some twenty with a machine to itself: two leases."""
VISITS = 40
PATIENT = {"wake-timeout": "170s"}
"""Longer than all that a visit is held for here."""
CUTS: dict[str, Callable[[Apart], None]] = {"cut": Apart.cut, "unplugged": Apart.unplug}


@contextlib.contextmanager
def two(cluster: Cluster, torpor: Start) -> Iterator[tuple[Running, Apart]]:
    """A Torpor with two proxies, of which the second is on a machine of its own."""
    with apart(cluster) as machine, torpor({"api": f"{machine.scaler}:0"}) as running:
        running.start_proxy(where=machine)
        running.wait_linked()
        yield running, machine


def begin(namespace: Space, running: Running, *names: str, by: int) -> None:
    """All of them are awake, and this proxy sends visits there without a question."""
    for name in names:
        running.wait_phase(name, "awake")
        running.until_visit(f"{name}.test", 200, by=by)
        until(lambda name=name: namespace.ready(name), SOON, f"a pod of {name}")  # type: ignore[misc]
    until(lambda: len(apps_in(running.proxies[by].lane())) == len(names), SOON, "its fast lane")


def apps_in(lane: list[str]) -> set[str]:
    """An app of several addresses has a line for each."""
    return {line.split()[1].partition("=")[0] for line in lane}


def until_forgotten(running: Running, at: int) -> None:
    """Until the scaler gives up on this proxy, which must have closed its fast lane by then."""
    proxy = running.proxies[at]

    def look() -> bool:
        forgotten = "is forgotten: nothing heard" in running.scalers[0].said()
        still_open = proxy.lane()
        assert not (forgotten and still_open), still_open
        return forgotten

    until(look, LATER, "the scaler to give up on a proxy")


def put_to_sleep(running: Running, namespace: Space, *names: str) -> None:
    for name in names:
        running.sleep(name)
    for name in names:
        until(lambda name=name: namespace.gone(name), SOON, f"no pods of {name}")  # type: ignore[misc]


def scaled(cluster: Cluster, running: Running, name: str) -> list[Call]:
    """What Torpor has done to how many pods there are of an app."""
    calls = cluster.audit.calls(user=running.user, resource="deployments/scale", namespace=running.space.name)
    return [call for call in calls if call.writes and call.name == name]


@pytest.mark.timeout(300)
def test_a_proxy_that_is_cut_off_serves_who_is_awake_and_sends_nobody_to_an_app_that_sleeps_meanwhile(
    breakable: Cluster, namespace: Space, torpor: Start
) -> None:
    namespace.apply(*app("web", replicas=1), *app("other", replicas=1, annotations=PATIENT))
    with two(breakable, torpor) as (running, machine):
        begin(namespace, running, "web", "other", by=1)
        with Looping(running, "web.test", by=1) as loop:
            machine.cut()
            until_forgotten(running, 1)
            put_to_sleep(running, namespace, "other")
            with Looping(running, "other.test", times=1, by=1) as waiting:
                time.sleep(2.0)  # what must not happen has its chance
                assert (waiting.count, waiting.failures) == (0, [])
                machine.mend()
            before = loop.count
            until(lambda: loop.count >= before + VISITS, LATER, "visits")
        assert (loop.failures, waiting.failures) == ([], [])
        assert scaled(breakable, running, "web") == []
        running.wait_linked()
        running.wait_phase("other", "awake")


@pytest.mark.timeout(300)
def test_behind_a_proxy_process_that_stands_still_nobody_is_sent_to_an_app_that_sleeps_meanwhile(
    breakable: Cluster, namespace: Space, torpor: Start
) -> None:
    namespace.apply(*app("web", replicas=1), *app("other", replicas=1, annotations=PATIENT))
    with torpor(proxies=2) as running:
        begin(namespace, running, "web", "other", by=0)
        with contextlib.ExitStack() as stack:
            loop = stack.enter_context(Looping(running, "web.test", by=0))
            waiting = Looping(running, "other.test", times=1, by=0)
            with running.proxies[0].frozen():
                until_forgotten(running, 0)
                put_to_sleep(running, namespace, "other")
                stack.enter_context(waiting)
                assert running.visit("web.test", by=1)[0] == 200
                assert (waiting.count, waiting.failures) == (0, [])
                before = loop.count
            until(lambda: loop.count >= before + VISITS, LATER, "visits")
            until(lambda: waiting.count or waiting.failures, LATER, "the one that waits")
        assert (loop.failures, waiting.failures) == ([], [])
        assert scaled(breakable, running, "web") == []
        running.wait_linked()
        until(lambda: len(running.proxies[0].lane()) == 2, SOON, "its fast lane")


@pytest.mark.soak  # some two minutes each
@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", CUTS)
def test_a_proxy_that_is_cut_off_again_and_again_knows_each_time_what_has_changed(
    breakable: Cluster, namespace: Space, torpor: Start, how: str
) -> None:
    namespace.apply(*app("web", replicas=2), *app("other", replicas=1), *app("moved", replicas=1))
    namespace.apply(*app("brief", replicas=1, annotations={"wake-timeout": "3s"}))
    with two(breakable, torpor) as (running, machine):
        begin(namespace, running, "web", "other", "moved", "brief", by=1)
        loops = [Looping(running, "web.test", by=by) for by in range(2)]
        with contextlib.ExitStack() as stack:
            for loop in loops:
                stack.enter_context(loop)
            for turn in range(3):
                running.scalers[0].log.write_text("")  # it appends
                CUTS[how](machine)
                until_forgotten(running, 1)
                put_to_sleep(running, namespace, "other", "brief")
                namespace.apply(*app(f"new-{turn}", replicas=1), ingress("moved", f"moved-{turn}.test"))
                old = namespace.pods("moved")[0]["metadata"]["name"]
                namespace.cluster.kubectl("-n", namespace.name, "delete", "pod", old)
                until(lambda: namespace.ready("moved"), SOON, "another pod")
                with Looping(running, "other.test", times=1, by=1) as waiting:
                    status, headers, body = running.visit("brief.test", by=1, headers={"Accept": "application/json"})
                    assert status == 503, body
                    assert int(headers["Retry-After"]) >= 1
                    assert json.loads(body)["detail"]
                    assert (waiting.count, waiting.failures) == (0, [])
                    machine.mend()
                assert waiting.failures == []
                running.until_visit("brief.test", 200, by=1)
                running.until_visit(f"new-{turn}.test", 200, by=1)
                running.until_visit(f"moved-{turn}.test", 200, by=1)
                running.wait_linked()
        assert [loop.failures for loop in loops] == [[], []]
        assert scaled(breakable, running, "web") == []
