"""A small client of the API server for the tests' own looking and changing: JSON in, JSON out, nothing remembered."""

import base64
import contextlib
import copy
import http.client
import json
import socket
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from tests.cluster.rig.network import Network

type Tree = dict[str, Any]

TIMEOUT = 10.0
"""Seconds for an answer."""
GROUPS = {
    "apps/v1": ("deployments", "statefulsets", "replicasets", "daemonsets"),
    "autoscaling/v2": ("horizontalpodautoscalers",),
    "coordination.k8s.io/v1": ("leases",),
    "discovery.k8s.io/v1": ("endpointslices",),
    "events.k8s.io/v1": ("events",),
    "networking.k8s.io/v1": ("ingresses", "ingressclasses", "networkpolicies"),
    "rbac.authorization.k8s.io/v1": ("roles", "rolebindings", "clusterroles", "clusterrolebindings"),
}
HOME = {plural: f"apis/{group}" for group, plurals in GROUPS.items() for plural in plurals}
MERGE = "application/merge-patch+json"


class RefusedError(Exception):
    """What the API server answered instead."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status} {body}")
        self.status = status


def path(plural: str, namespace: str | None = None, name: str | None = None, part: str | None = None) -> str:
    """Where an object, or all of a kind, or a subresource is; `plural` may bring its group: `group/version/plural`."""
    group, _, kind = plural.rpartition("/")
    group = f"apis/{group}" if group else HOME.get(kind, "api/v1")
    space = None if namespace is None else f"namespaces/{namespace}"
    return "/" + "/".join(piece for piece in (group, space, kind, name, part) if piece)


class Api:
    """As the user of a kubeconfig."""

    def __init__(self, kubeconfig: Path, network: Network) -> None:
        self._network = network
        known = yaml.safe_load(kubeconfig.read_text())
        current = known["current-context"]
        context = next(entry["context"] for entry in known["contexts"] if entry["name"] == current)
        cluster = next(entry["cluster"] for entry in known["clusters"] if entry["name"] == context["cluster"])
        user = next(entry["user"] for entry in known["users"] if entry["name"] == context["user"])
        server = urlsplit(cluster["server"])
        self._host, self._port = server.hostname or "", server.port or 443
        self._tls = ssl.create_default_context(cadata=_decoded(cluster["certificate-authority-data"]))
        if "client-certificate-data" in user:
            with tempfile.NamedTemporaryFile("w") as both:
                both.write(_decoded(user["client-certificate-data"]) + _decoded(user["client-key-data"]))
                both.flush()
                self._tls.load_cert_chain(both.name)
        self._headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._kept: http.client.HTTPConnection | None = None

    @property
    def server(self) -> tuple[str, int]:
        """Its address."""
        return self._host, self._port

    @contextlib.contextmanager
    def kept(self) -> Iterator["Api"]:
        """The same on one connection, which is kept for the block: for one thread that asks a lot."""
        api = copy.copy(self)
        api._kept = self._connect()
        try:
            yield api
        finally:
            api._kept.close()

    def get(self, where: str, **query: str) -> Tree:
        """An object or a list; see `path`."""
        return self.ask("GET", where + (f"?{urlencode(query)}" if query else ""))

    def find(self, where: str) -> Tree | None:
        """An object, or None where there is none."""
        try:
            return self.get(where)
        except RefusedError as refused:
            if refused.status != http.HTTPStatus.NOT_FOUND:
                raise
            return None

    def create(self, where: str, what: Tree) -> Tree:
        """A new object, in the place of its kind."""
        return self.ask("POST", where, what)

    def patch(self, where: str, what: Tree, kind: str = MERGE) -> Tree:
        """Change some of an object."""
        return self.ask("PATCH", where, what, kind)

    def delete(self, where: str, **query: str) -> None:
        """Remove an object, in the background."""
        self.ask("DELETE", where + (f"?{urlencode(query)}" if query else ""))

    def scale(self, plural: str, namespace: str, name: str, replicas: int) -> None:
        """By the scale subresource, as kubectl does."""
        self.patch(path(plural, namespace, name, "scale"), {"spec": {"replicas": replicas}})

    def text(self, where: str) -> str:
        """What a path that does not speak JSON answers, such as /readyz or /metrics. OSError where nobody does."""
        return self._send("GET", where, None, "")[1]

    def ask(self, method: str, where: str, what: Tree | None = None, kind: str = "application/json") -> Tree:
        """Anything. Raises RefusedError, and OSError where nobody answers."""
        status, answer = self._send(method, where, what, kind)
        if status >= http.HTTPStatus.BAD_REQUEST:
            raise RefusedError(status, answer)
        found: Tree = json.loads(answer)
        return found

    def _send(self, method: str, where: str, what: Tree | None, kind: str) -> tuple[int, str]:
        connection = self._kept or self._connect()
        try:
            body = None if what is None else json.dumps(what).encode()
            connection.request(method, where, body, {"Content-Type": kind, **self._headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except http.client.HTTPException as wrong:
            raise ConnectionError(f"the API server broke off: {wrong!r}") from wrong
        finally:
            if connection is not self._kept:
                connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.auto_open = 0  # it would be another one, and without TLS
        plain = self._network.connect((self._host, self._port), TIMEOUT)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a head and its body are two writes
            connection.sock = self._tls.wrap_socket(plain, server_hostname=self._host)
        except ssl.SSLCertVerificationError as wrong:
            plain.close()
            raise AssertionError(f"the API server is not who the kubeconfig says: {wrong}") from wrong
        except BaseException:
            plain.close()
            raise
        return connection


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
