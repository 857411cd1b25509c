"""Torpor in pods, from examples/kubernetes: what these manifests say is applied to the letter."""

import contextlib
import http
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from tests.cluster.rig.api import path
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.asking import ANSWER, Got, ask, visitor
from tests.cluster.torpor.running import RBAC

SPACE = "torpor"
SCALER, PROXY = "torpor-scaler", "torpor-proxy"
SOON = 180.0
"""Seconds for pods to start, or to go, on a busy machine."""
PORT = 8080

type Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Door:
    """One address at which visitors come in."""

    cluster: Cluster
    address: tuple[str, int]

    def visit(self, host: str, path: str = "/", *, by: int = 0, within: float = ANSWER) -> Got:
        """A visit on a connection of its own; `by` is for those who have several."""
        assert by == 0
        return ask(self.cluster.network, self.address, "GET", path, visitor(host), within=within)

    def knows(self, host: str) -> bool:
        """Whether there is an app behind it; asked as a monitor, who wakes nobody."""
        headers = visitor(host) | {"User-Agent": "kube-probe/1.0"}
        return ask(self.cluster.network, self.address, "GET", "/", headers, within=SOON)[0] != http.HTTPStatus.NOT_FOUND


class InPods:
    """The Torpor of a whole cluster, whose node has the image."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.space = Space(cluster, SPACE)
        self.user = f"system:serviceaccount:{SPACE}:{SCALER}"

    @contextlib.contextmanager
    def up(self) -> Iterator[Self]:
        """For the length of the block."""
        files = [part for name in ("rbac.yaml", "torpor.yaml") for part in ("-f", str(RBAC.with_name(name)))]
        try:
            self.cluster.kubectl("apply", *files)
            for name in (SCALER, PROXY):
                self.wait_rolled_out(name)
            yield self
        finally:
            sys.stdout.write(self.said())
            self.cluster.kubectl("delete", "--wait=false", "--ignore-not-found", *files)
            self.wait_gone()

    def wait_gone(self) -> None:
        """Until nothing of it is left that would look after others' apps, too."""
        until(lambda: not self._all(SCALER), SOON, "the end of the scalers")

    # Its parts

    def pods(self, name: str) -> dict[str, str]:
        """The addresses of a Deployment's pods that are there to stay."""
        staying = (pod for pod in self._all(name) if "deletionTimestamp" not in pod["metadata"])
        return {pod["metadata"]["name"]: pod["status"].get("podIP", "") for pod in staying}

    def _all(self, name: str) -> list[Tree]:
        component = name.removeprefix("torpor-")
        return self.space.all("pods", labelSelector=f"app.kubernetes.io/component={component}")

    def doors(self) -> list[Door]:
        """Each proxy's own, past the Service."""
        return [Door(self.cluster, (address, PORT)) for address in self.pods(PROXY).values()]

    @property
    def front(self) -> Door:
        """The Service of the proxies, by way of kube-proxy."""
        return Door(self.cluster, (self.space.get("services", PROXY)["spec"]["clusterIP"], 80))

    def leader(self) -> str:
        """The pod that leads, by the Lease; empty where none does."""
        found = self.cluster.api.find(path("leases", SPACE, SCALER)) or {"spec": {}}
        name, _, _ = str(found["spec"].get("holderIdentity") or "").rpartition("@")
        return name.rpartition("-")[0]

    def roll_out(self, name: str) -> None:
        """As `kubectl rollout restart` does; until the new pods are ready."""
        self.begin_to_roll_out(name)
        self.wait_rolled_out(name)

    def begin_to_roll_out(self, name: str) -> None:
        """Only begin."""
        self.cluster.kubectl("-n", SPACE, "rollout", "restart", f"deployment/{name}")

    def wait_rolled_out(self, name: str) -> None:
        """Until a Deployment's pods are those that it wants, and ready."""

        def look() -> bool:
            found = self.space.get("deployments", name)
            wanted, status = found["spec"]["replicas"], found.get("status", {})
            counts = [status.get(each) for each in ("replicas", "updatedReplicas", "availableReplicas")]
            return status.get("observedGeneration") == found["metadata"]["generation"] and counts == [wanted] * 3

        until(look, SOON, lambda: f"{name} rolled out: {self.said()}", beat=0.1)

    @contextlib.contextmanager
    def watched(self, directory: Path) -> Iterator["Ends"]:
        """See how pods end."""
        file = directory / "pods.json"
        watch = ["kubectl", "-n", SPACE, "get", "pods", "--watch", "-o", "json"]
        with file.open("wb") as out:
            process = subprocess.Popen(self.cluster.command(*watch), env=self.cluster.environment, stdout=out)
            try:
                ends = Ends(file)
                until(lambda: set(ends.seen()) >= {*self.pods(SCALER), *self.pods(PROXY)}, SOON, "the watch")
                yield ends
            finally:
                process.kill()
                process.wait()

    # What is asked

    def api(self, method: str, where: str, *, within: float = ANSWER) -> tuple[int, Tree]:
        """A request for the scalers' API, by their Service."""
        address = (self.space.get("services", SCALER)["spec"]["clusterIP"], 8081)
        status, _, body = ask(self.cluster.network, address, method, where, within=within)
        return status, json.loads(body or b"{}")

    def app(self, name: str) -> Tree:
        """How an app is, or why nobody says so."""
        return self.api("GET", f"/v1/apps/{name}")[1]

    def said(self) -> str:
        """The end of what its pods say, and what happens to them."""
        events = [f"{one.get('reason')}: {one.get('note')}" for one in self.space.all("events")]
        told = [f"--- events in {SPACE}", *events]
        for pod in (*self.pods(SCALER), *self.pods(PROXY)):
            with contextlib.suppress(AssertionError):  # it has not begun, or has just gone
                told += [f"--- {pod} said:", self.cluster.kubectl("-n", SPACE, "logs", "--tail=60", pod)]
        return "\n".join([*told, ""])


@dataclass(frozen=True, slots=True)
class End:
    """How a pod's container has ended."""

    code: int
    after: float
    """Seconds from when the pod was to go. Whole ones, as Kubernetes writes them."""


class Ends:
    """What a watch has written down."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def seen(self) -> dict[str, list[Tree]]:
        """Each pod, as often as it has changed."""
        text, at, found = self._file.read_text(), 0, dict[str, list[Tree]]()
        with contextlib.suppress(json.JSONDecodeError):  # the last one may still be on its way
            while at < len(text):
                pod, at = json.JSONDecoder().raw_decode(text, at)
                at += len(text[at:]) - len(text[at:].lstrip())
                found.setdefault(pod["metadata"]["name"], []).append(pod)
        return found

    def wait(self, pod: str) -> End:
        """How it ends."""
        end = until(lambda: self.of(pod), SOON, f"the end of {pod}", beat=0.2)
        assert end is not None
        return end

    def of(self, pod: str) -> End | None:
        """How it has ended; None while it has not."""
        for seen in self.seen().get(pod, []):
            about = seen["metadata"]
            for container in seen.get("status", {}).get("containerStatuses", ()):
                if (state := container["state"].get("terminated")) and "deletionTimestamp" in about:
                    gone = _moment(about["deletionTimestamp"]) - about["deletionGracePeriodSeconds"]
                    return End(state["exitCode"], _moment(state["finishedAt"]) - gone)
        return None


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
