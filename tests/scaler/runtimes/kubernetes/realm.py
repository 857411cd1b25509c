"""What leads in a cluster, whole, over a small API server: its pods are servers of the test's, put there by hand."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.apps import ClusterApps
from scaler.runtimes.kubernetes.crews import Crews
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.notes import Notes
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.picture import Picture
from scaler.runtimes.kubernetes.runtime import KubernetesRuntime
from scaler.scaler import Scaler
from tests.scaler.runtimes.kubernetes.cluster_objects import deployment, ingress, service
from tests.scaler.runtimes.kubernetes.small_server import SmallServer
from torpor import link
from torpor.words import Phase

APP = "shop/web"
WEB = kinds.DEPLOYMENTS.path("shop", "web")
SCALE = f"{WEB}/scale"
PATIENCE = 60.0

type Json = dict[str, Any]


class Realm:
    """One proxy is linked that has nothing open and agrees to everything."""

    def __init__(self, server: SmallServer, picture: Picture, crews: Crews, scaler: Scaler, runtime: KubernetesRuntime):
        self.server = server
        self.picture = picture
        self.crews = crews
        self.scaler = scaler
        self.runtime = runtime
        self._proxy = scaler.links.connected("p", "test")
        scaler.telling.on_change.append(self._acknowledge)

    def _acknowledge(self, view: str) -> None:
        app = self.scaler.apps.get(view)
        if app and app.life.phase is Phase.DRAINING:
            work = link.Work(in_flight=0, busy=0, held=0, idle_for=None)
            message = link.Drained(app=view, epoch=app.epoch, work=work)
            asyncio.get_running_loop().call_soon(self.scaler.links.drained, self._proxy, message)

    def knock(self) -> None:
        self.scaler.links.knocked(link.Knock(app=APP, method="GET", path="/", user_agent="curl", client="::1"))

    def pod(self, port: int, name: str = "web-1") -> None:
        """One of the app's that listens here."""
        self.server.put(kinds.PODS, pod_of(port, name))

    def workload(self) -> Json:
        """As the API server has it."""
        return self.server.get(kinds.DEPLOYMENTS, "shop", "web")

    def change(self, **spec: Any) -> None:
        """Somebody else does."""
        now = self.workload()
        meta = now["metadata"] | {"generation": now["metadata"]["generation"] + 1}
        self.server.put(kinds.DEPLOYMENTS, now | {"metadata": meta, "spec": now["spec"] | spec})

    def events(self) -> list[tuple[str, str]]:
        """Those that were written: which, and in what words."""
        return [(sent["reason"], sent["message"]) for _, sent in self.server.written if "involvedObject" in sent]

    def phases(self) -> list[str]:
        """The phases that were written."""
        sent = [sent["metadata"]["annotations"] for path, sent in self.server.written if path == WEB]
        return [annotations["torpor.dev/phase"] for annotations in sent]

    def counts(self) -> list[int]:
        """The replica counts that were written."""
        return [sent["spec"]["replicas"] for path, sent in self.server.written if path == SCALE]

    def phase(self) -> Phase:
        return self.scaler.status(APP).phase

    async def until(self, holds: Callable[[], object]) -> None:
        while not holds():
            await asyncio.sleep(0.005)

    async def until_phase(self, phase: Phase) -> None:
        await self.until(lambda: self.phase() is phase)


def pod_of(port: int, name: str = "web-1") -> Json:
    """One of the app's that listens here."""
    container = {"name": "main", "ports": [{"containerPort": port, "name": "http"}]}
    runs = {"name": "main", "ready": False, "state": {"running": {}}}
    return {
        "metadata": {"name": name, "namespace": "shop", "uid": f"uid of {name}", "labels": {"app": "web"}},
        "spec": {"containers": [container], "nodeName": "n1"},
        "status": {"phase": "Running", "podIP": "127.0.0.1", "containerStatuses": [runs]},
    }


def town(port: int = 80, *, replicas: int = 1, remembered: str = "", **annotations: str) -> SmallServer:
    """With one app, which is ready when its port answers /ready; `remembered` is a count that a sleep took."""
    server = SmallServer()
    probe = {"httpGet": {"path": "/ready", "port": "http"}}
    said = {f"torpor.dev/{key.replace('_', '-')}": value for key, value in annotations.items()}
    said |= {"torpor.dev/replicas": remembered} if remembered else {}
    ports = [{"containerPort": port, "name": "http"}]
    server.put(kinds.DEPLOYMENTS, deployment(ports=ports, probe=probe, replicas=replicas, annotations=said))
    server.put(kinds.SERVICES, service())
    server.put(kinds.INGRESSES, ingress())
    return server


@contextlib.asynccontextmanager
async def reigning(server: SmallServer, directory: Path) -> AsyncIterator[Realm]:
    """For the length of the block."""
    async with asyncio.timeout(PATIENCE), server.running(directory) as cluster, asyncio.TaskGroup() as group:
        picture = Picture(cluster, Discovery(Serve(), Defaults()))
        tasks = [group.create_task(picture.run())]
        await picture.whole.wait()
        async with Crews(picture) as crews:
            runtime = KubernetesRuntime(cluster, picture, crews, autoscaled=False)
            scaler = Scaler(runtime)
            apps = ClusterApps(scaler, runtime, picture, crews, group)
            tasks.append(group.create_task(scaler.run()))
            tasks.append(group.create_task(Notes(cluster, scaler, runtime, picture).run()))
            await asyncio.sleep(0)
            apps.begin()
            try:
                yield Realm(server, picture, crews, scaler, runtime)
            finally:
                apps.end()
                for task in tasks:
                    task.cancel()
