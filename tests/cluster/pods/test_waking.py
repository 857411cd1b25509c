"""Pods of a real cluster serve as soon as they answer, whatever their probe, long before the kubelet has asked."""

import json
from typing import Any

import pytest

from scaler.runtimes.kubernetes.discovery.found import Door
from tests.cluster.pods.waking import Waking
from tests.cluster.rig.manifests import PORT, deployment
from tests.cluster.rig.space import Space

type Tree = dict[str, Any]

SELDOM = 30
"""Seconds between two probes of the kubelet: whoever waited for it would be told so late."""
LATE = 10.0
"""Seconds from when an app listens until it serves, at the most; tests share their machine with others."""
GRPC = 9000
SLOW = 5
"""Seconds until an app listens, or is ready: a kubelet takes its time to tell of a new pod, which is asked before."""


def listened(space: Space, address: str) -> float:
    """When the app of a pod began to listen, in Unix seconds."""
    moment: float = json.loads(space.ask(address)[1])["listened"]
    return moment


@pytest.mark.parametrize(
    "probe",
    [
        {"httpGet": {"path": "/ready", "port": "http"}},
        {"tcpSocket": {"port": PORT}},
        {"grpc": {"port": GRPC}},
        None,
    ],
    ids=["httpGet", "tcpSocket", "grpc", "none"],
)
async def test_a_pod_serves_as_soon_as_it_answers(namespace: Space, probe: Tree | None) -> None:
    slowly = None if probe is None else probe | {"periodSeconds": SELDOM, "initialDelaySeconds": SELDOM}
    namespace.apply(deployment("web", environment={"START_DELAY_MS": SLOW * 1000, "GRPC_PORT": GRPC}, probe=slowly))
    waking = Waking(namespace, "web")
    with namespace.cluster.network.inside():
        async with waking.watching():
            namespace.scale("web", 1)
            use = await waking.until(lambda use: use.serves)
            [address] = use.addresses[""]
            assert probe is None or not waking.pods[0].ready
    assert address.port == PORT
    assert waking.served[address] - listened(namespace, address.host) < LATE
    assert "connection refused" in waking.told


async def test_a_pod_that_listens_but_is_not_ready_serves_when_its_probe_says_so(namespace: Space) -> None:
    probe = {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": SELDOM, "initialDelaySeconds": SELDOM}
    namespace.apply(deployment("web", environment={"READY_DELAY_MS": SLOW * 1000}, probe=probe))
    waking = Waking(namespace, "web")
    with namespace.cluster.network.inside():
        async with waking.watching():
            namespace.scale("web", 1)
            [address] = (await waking.until(lambda use: use.serves)).addresses[""]
    assert SLOW - 0.1 < waking.served[address] - listened(namespace, address.host) < SLOW + LATE
    assert "503" in waking.told


async def test_a_probe_that_runs_in_the_pod_is_the_kubelets(namespace: Space) -> None:
    probe = {"exec": {"command": ["/app", "probe"]}, "periodSeconds": 1}
    namespace.apply(deployment("web", environment={"READY_DELAY_MS": 500}, probe=probe))
    waking = Waking(namespace, "web")
    with namespace.cluster.network.inside():
        async with waking.watching():
            namespace.scale("web", 1)
            await waking.until(lambda use: use.serves)
            assert waking.pods[0].ready


async def test_a_door_that_nobody_listens_at_stays_shut(namespace: Space) -> None:
    namespace.apply(deployment("web"))
    waking = Waking(namespace, "web", (Door("", "http"), Door("9999", 9999)))
    with namespace.cluster.network.inside():
        async with waking.watching():
            namespace.scale("web", 1)
            await waking.until(lambda use: use.serves and waking.pods[0].ready)
            assert waking.use.addresses["9999"] == ()
            assert [str(ask.question.address.port) for ask in waking.use.asks] == ["9999"]


async def test_pods_join_and_leave_with_the_workloads_count(namespace: Space) -> None:
    namespace.apply(deployment("web", environment={"TERM_DELAY_MS": 2000}))
    waking = Waking(namespace, "web")
    with namespace.cluster.network.inside():
        async with waking.watching():
            namespace.scale("web", 3)
            await waking.until(lambda use: len(use.addresses.get("", ())) == 3)
            namespace.scale("web", 1)
            use = await waking.until(lambda use: len(use.addresses[""]) == 1)
            staying = {pod.ip for pod in waking.pods if not pod.deleting}
            assert {address.host for address in use.addresses[""]} == staying
            namespace.scale("web", 0)
            await waking.until(lambda use: not use.serves)
