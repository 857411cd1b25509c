"""The tests' own Kubernetes does what tests rely on."""

import asyncio
import json
import signal
import subprocess
import sys
import uuid

from tests.cluster.rig.access import Access
from tests.cluster.rig.api import path
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.components import ROOT
from tests.cluster.rig.manifests import deployment, service
from tests.cluster.rig.namespaces import CGROUPS
from tests.cluster.rig.place import Place
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until

SOON = 60.0
HOLDER = """
from tests.cluster.rig.cluster import Cluster
cluster = Cluster.start({name!r}, node=False)
print("up", flush=True)
input()
"""


def test_an_app_scales_from_zero_and_answers(namespace: Space) -> None:
    namespace.apply(deployment("web", environment={"READY_DELAY_MS": 100}), service("web"))
    namespace.scale("web", 1)
    [address] = until(lambda: namespace.ready("web"), SOON, lambda: f"a pod: {namespace.all('events')}")

    status, answer = namespace.ask(address, "/some/path", b"four")

    told = json.loads(answer)
    assert (status, told["path"], told["received"]) == (200, "/some/path", 4)
    assert told["pod"] == namespace.pods("web")[0]["metadata"]["name"]

    namespace.scale("web", 0)
    until(lambda: not namespace.all("pods"), SOON, "the pod's end")


def test_pods_find_each_other_by_name(namespace: Space) -> None:
    namespace.apply(deployment("web", replicas=1), service("web"))
    until(lambda: namespace.ready("web"), SOON, "a pod")
    asking = ["wget", "-q", "-O-", "-T", "5", "http://web/by-name"]
    look = ["run", "asker", "--image=torpor.test/busybox:1", "--image-pull-policy=Never", "--restart=OnFailure"]
    namespace.cluster.kubectl("-n", namespace.name, *look, "--command", "--", *asking)
    until(lambda: namespace.get("pods", "asker")["status"]["phase"] == "Succeeded", SOON, "an answer")

    assert '"path":"/by-name"' in namespace.cluster.kubectl("-n", namespace.name, "logs", "asker")


async def test_a_test_with_asyncio_can_be_inside_the_network(cluster: Access) -> None:
    host, port = cluster.api.server
    with cluster.network.inside():
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        await writer.wait_closed()


def test_the_api_server_comes_back_from_sigkill_with_all_it_knew(breakable: Cluster, namespace: Space) -> None:
    namespace.apply(deployment("kept"))
    breakable.part("apiserver").kill()
    assert not breakable.answers()

    breakable.part("apiserver").start()
    until(breakable.answers, SOON, "the API server")

    assert namespace.replicas("kept") == 0


def test_a_frozen_part_is_thawed_when_a_cluster_is_mended(breakable: Cluster) -> None:
    breakable.part("controller-manager").kill()
    breakable.part("scheduler").freeze()

    breakable.mend()

    assert breakable.part("controller-manager").runs()


def test_calls_are_counted_by_who_made_them(breakable: Cluster, namespace: Space) -> None:
    namespace.apply(deployment("web"))
    guest = {"KUBECONFIG": str(breakable.kubeconfig_of("guest", ["system:masters"]))}
    since = breakable.audit.mark()
    command = breakable.command("kubectl", "-n", namespace.name, "scale", "deployment/web", "--replicas=1")
    subprocess.run(command, env=breakable.environment | guest, check=True, timeout=SOON, stdout=subprocess.DEVNULL)

    [write] = until(lambda: breakable.audit.writes(since=since, user="guest"), SOON, "the call in the log")

    assert (write.verb, write.resource, write.name) == ("patch", "deployments/scale", "web")
    assert write.sent["spec"]["replicas"] == 1
    assert not breakable.audit.writes(since=since, user="torpor")


def test_a_cluster_goes_with_the_last_process_that_needs_it(control_plane: Cluster) -> None:
    name = f"held-{uuid.uuid4().hex[:6]}"
    holder = [sys.executable, "-c", HOLDER.format(name=name)]
    with subprocess.Popen(holder, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        with Cluster.attach(name) as second:
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert second.answers()
            assert control_plane.api.get(path("nodes"))["items"] == []

    until(lambda: not Place(name).directory.exists(), SOON, "the cluster's end")
    assert [*CGROUPS.glob(f"**/{Place(name).cgroup}")] == []
