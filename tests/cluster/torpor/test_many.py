"""Many apps that are there and that nobody visits: all known soon, and free of charge."""

import concurrent.futures
import itertools
import math
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from scaler.runtimes.kubernetes.api.cluster import PAGE
from tests.cluster.rig.api import Api, path
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor import many, measuring, standing
from tests.cluster.torpor.manifests import ingress
from tests.cluster.torpor.running import START, Running, Start

LONG = 600.0
"""Seconds for what controllers do with thousands of objects."""
MINUTE = 60.0
PAUSE = 0.02
"""Seconds between two visits to those that are awake."""


@pytest.fixture
def namespace(control_plane: Cluster) -> Iterator[Space]:
    """In the cluster without a node."""
    with Space.made(control_plane, "many") as space:
        yield space


def test_each_kind_is_listed_once_and_apps_at_rest_cost_no_write(namespace: Space, torpor: Start) -> None:
    names = many.names(200)
    many.make(namespace, names)
    mark = namespace.cluster.audit.mark()
    with torpor() as running:
        until(lambda: many.known(running, names), START, "all apps at the scaler")
        until(lambda: many.led_to(running, names), START, "all apps at the proxy")
        pages = math.ceil(len(names) / PAGE)
        assert max(many.lists(running, mark).values()) <= pages + 1  # a watch that is cut off may list once more

        renewed = many.leases(running, mark)
        until(lambda: many.leases(running, mark) >= renewed + 2, START, "the Lease renewed")
        assert many.written(running, mark) == []


@pytest.mark.soak
@pytest.mark.timeout(2400)
def test_what_two_thousand_apps_cost(namespace: Space, torpor: Start) -> None:
    names = many.names(2_000)
    began = time.monotonic()
    many.make(namespace, names)
    say(f"made in {time.monotonic() - began:.1f} s")
    until(lambda: settled(namespace, len(names)), LONG, "the controllers' rest", beat=1.0)
    say(f"the controllers rest after {time.monotonic() - began:.1f} s")
    with torpor({"kubernetes": {"namespaces": []}}) as running:
        until(lambda: many.known(running, names), START, "all apps at the scaler")
        until(lambda: many.led_to(running, names), START, "all apps at the proxy")
        for _ in range(3):
            start_again(running, names)
        running.wait_linked()
        rest(running)
        change(running, names[:200])
        react(running, names[:100])
        visit(running, names[-200:])
        say(measuring.sizes(running))


def settled(space: Space, count: int) -> bool:
    """Whether controllers have done what they do for so many apps."""
    seen = sum("observedGeneration" in one.get("status", {}) for one in space.all("deployments"))
    return seen >= count and len(space.all("endpointslices")) >= count


def start_again(running: Running, names: Sequence[str]) -> None:
    """Both processes, one after the other."""
    running.scalers[0].stop()
    mark, began = running.cluster.audit.mark(), time.monotonic()
    running.start_scaler_at(0)
    until(lambda: many.known(running, names), START, "all apps at the scaler")
    took, cpu = time.monotonic() - began, measuring.scaler_cpu(running)
    received = measuring.Traffic(running.cluster, running.scalers[0]).received()
    lists = sum(many.lists(running, mark).values())
    say(f"scaler: leads with all apps after {took:.2f} s, {cpu:.2f} s of CPU, {received:,} bytes, {lists} lists")
    running.proxies.pop(0).stop()
    began = time.monotonic()
    running.start_proxy()
    until(lambda: many.led_to(running, names[-1:]), START, "the last app at the proxy")
    took, cpu = time.monotonic() - began, measuring.proxy_cpu(running)
    say(f"proxy: knows all apps after {took:.2f} s, {cpu:.2f} s of CPU")
    assert many.led_to(running, names[::100])  # not all: what was asked for lately is looked at every second
    say(measuring.sizes(running))


def rest(running: Running) -> None:
    """A minute in which nobody comes."""
    mark = running.cluster.audit.mark()
    use = measuring.Use(running).after(MINUTE)
    say(f"at rest: {use}; the Lease written {many.leases(running, mark)} times")
    assert many.written(running, mark) == []
    assert use.scaler < 0.1 * use.seconds


def change(running: Running, names: Sequence[str]) -> None:
    """A setting of so many apps."""
    space, use = running.space, measuring.Use(running)
    said = {"metadata": {"annotations": {"torpor.dev/idle-timeout": "7m"}}}

    def one(api: Api, name: str) -> None:
        api.patch(path("deployments", space.name, name), said)

    many.at_once(running.cluster, names, one)
    wanted = {f"{space.name}/{name}" for name in names}

    def heard() -> bool:
        return {one["id"] for one in many.apps(running) if one["idle_timeout"] == 420} == wanted

    until(heard, START, "all changes", beat=1.0)
    use.now()
    each = f"{use.received / len(names):,.0f} bytes, {1000 * use.scaler / len(names):.1f} ms of the scaler's CPU"
    say(f"one of {len(names)} Deployments changed: {each}")


def react(running: Running, names: Sequence[str]) -> None:
    """From the change of an Ingress to the proxy's answer for the new host."""
    space = running.space
    since_sent, since_done = [], []
    with many.Door(running) as door, running.cluster.api.kept() as api:
        for name in names:
            host = f"{name}-moved.test"
            assert door.phase(host) is None
            sent = time.monotonic()
            api.patch(path("ingresses", space.name, name), {"spec": ingress(name, host)["spec"]})
            done = time.monotonic()
            until(lambda host=host: door.phase(host), START, host, beat=0.001)  # type: ignore[misc]
            seen = time.monotonic()
            since_sent.append(1000 * (seen - sent))
            since_done.append(1000 * (seen - done))
            assert door.phase(f"{name}.test") is None
    for what, found in (("sent", since_sent), ("answered", since_done)):
        say(f"a host since its change was {what}: p50 {statistics.median(found):.0f} ms, longest {max(found):.0f} ms")
    assert statistics.median(since_done) < 1000


def visit(running: Running, names: Sequence[str]) -> None:
    """A minute in which so many are awake, and visited in turn."""
    space = running.space

    def go_round(over: threading.Event, visits: Counter[int]) -> None:
        with many.Door(running) as door:
            for name in itertools.cycle(names):
                if over.wait(PAUSE):
                    return
                visits[door.visit(f"{name}.test")] += 1

    with standing.answering(running.cluster):
        many.at_once(running.cluster, names, lambda api, name: api.scale("deployments", space.name, name, 1))
        standing.stand(space, len(names))
        began = time.monotonic()
        until(lambda: many.phases(running)["awake"] == len(names), START, lambda: str(many.phases(running)), beat=0.2)
        say(f"{len(names)} awake {time.monotonic() - began:.1f} s after the last of them had an address")
        until(lambda: available(space) == len(names), LONG, lambda: f"{available(space)} available", beat=1.0)
        until(lambda: quiet(running), START, "the end of what is noted")

        mark, over, visits = running.cluster.audit.mark(), threading.Event(), Counter[int]()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            going = pool.submit(go_round, over, visits)
            use = measuring.Use(running).after(MINUTE)
            over.set()
            going.result()
        say(f"{len(names)} apps visited {visits.total()} times: {use}")
        assert set(visits) == {200}
        assert many.written(running, mark) == []


def available(space: Space) -> int:
    """How many Deployments have their pod, as their controller says."""
    return sum(bool(one["status"].get("availableReplicas")) for one in space.all("deployments"))


def quiet(running: Running) -> bool:
    """Whether it writes nothing for a while."""
    mark = running.cluster.audit.mark()
    time.sleep(3.0)
    return not many.written(running, mark)


def say(what: str) -> None:
    """For docs/soak.md."""
    print(what, flush=True)  # noqa: T201
