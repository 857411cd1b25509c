"""A namespace of a test's own, and what the test does in it."""

import http.client
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.cluster.rig.access import Access
from tests.cluster.rig.api import RefusedError, path
from tests.cluster.rig.manifests import PORT
from tests.cluster.rig.until import until

type Tree = dict[str, Any]

SOON = 60.0
"""Seconds for what a cluster does at its leisure."""


@dataclass(frozen=True, slots=True)
class Space:
    """The namespace `name` of a cluster."""

    cluster: Access
    name: str

    @classmethod
    @contextmanager
    def made(cls, cluster: Access, about: str = "test") -> Iterator["Space"]:
        """A new one, which goes at the end of the block, with all in it; nobody waits for that."""
        space = cls(cluster, f"{about}-{uuid.uuid4().hex[:8]}")
        cluster.api.create(path("namespaces"), {"metadata": {"name": space.name}})
        try:
            account = path("serviceaccounts", space.name, "default")
            until(lambda: cluster.api.find(account), SOON, f"the account of namespace {space.name}")
            yield space
        finally:
            try:
                cluster.api.delete(path("namespaces", name=space.name))
            except RefusedError as refused:
                if refused.status != http.HTTPStatus.NOT_FOUND:  # the test itself may have taken it away
                    raise

    def apply(self, *manifests: Tree) -> None:
        """`kubectl apply` in here."""
        self.cluster.apply(*manifests, namespace=self.name)

    def get(self, plural: str, name: str) -> Tree:
        """An object."""
        return self.cluster.api.get(path(plural, self.name, name))

    def all(self, plural: str, **query: str) -> list[Tree]:
        """All of a kind."""
        items: list[Tree] = self.cluster.api.get(path(plural, self.name), **query)["items"]
        return items

    def patch(self, plural: str, name: str, what: Tree) -> Tree:
        """Change some of an object, by a merge patch."""
        return self.cluster.api.patch(path(plural, self.name, name), what)

    def scale(self, name: str, replicas: int, plural: str = "deployments") -> None:
        """By hand, as somebody else than Torpor."""
        self.cluster.api.scale(plural, self.name, name, replicas)

    def replicas(self, name: str, plural: str = "deployments") -> int:
        """How many are wanted."""
        count: int = self.get(plural, name)["spec"]["replicas"]
        return count

    def pods(self, app: str) -> list[Tree]:
        """Those of an app that are not on their way out."""
        found = self.all("pods", labelSelector=f"app={app}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def gone(self, app: str) -> bool:
        """Whether nothing is left of its pods: one on its way out may still answer."""
        return not self.all("pods", labelSelector=f"app={app}")

    def ready(self, app: str) -> list[str]:
        """The addresses of its pods that are Ready."""

        def is_ready(pod: Tree) -> bool:
            conditions = pod.get("status", {}).get("conditions", ())
            return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

        return [pod["status"]["podIP"] for pod in self.pods(app) if is_ready(pod)]

    def ask(self, address: str, where: str = "/", body: bytes | None = None) -> tuple[int, bytes]:
        """What a pod answers. OSError where none does."""
        connection = http.client.HTTPConnection(address, PORT)
        connection.sock = self.cluster.network.connect((address, PORT), SOON)
        try:
            connection.request("GET" if body is None else "POST", where, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
