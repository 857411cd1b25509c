"""Pods that nobody runs, with addresses all the same: tests write what a kubelet would, and answer for them all."""

import contextlib
import http.server
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

from tests.cluster.rig.access import Access
from tests.cluster.rig.api import Api, path
from tests.cluster.rig.manifests import PORT
from tests.cluster.rig.space import SOON, Space
from tests.cluster.rig.until import until
from tests.cluster.torpor import many

NET = "10.98"
"""All addresses that begin so belong to the one server."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever has heard enough breaks off; nobody wants to read of that."""


@contextlib.contextmanager
def answering(cluster: Access) -> Iterator[None]:
    """Somebody answers at every address of the net, for the length of the block."""
    _route(cluster, "add")
    server = _Server(("", 0), _Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = cluster.network.make_socket()
    try:
        server.socket.bind(("0.0.0.0", PORT))
        server.server_activate()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
    finally:
        server.server_close()
        _route(cluster, "del")


def stand(space: Space, count: int) -> None:
    """Wait for so many pods, and say of each that it runs, is ready, and where."""
    until(lambda: len(space.all("pods")) >= count, SOON, f"{count} pods", beat=0.5)
    addresses = {
        pod["metadata"]["name"]: f"{NET}.{at // 250}.{1 + at % 250}" for at, pod in enumerate(space.all("pods"))
    }

    def one(api: Api, name: str) -> None:
        status = {
            "phase": "Running",
            "podIP": addresses[name],
            "podIPs": [{"ip": addresses[name]}],
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        api.patch(path("pods", space.name, name, "status"), {"status": status})

    many.at_once(space.cluster, addresses, one)


def _route(cluster: Access, what: str) -> None:
    command = cluster.command("ip", "route", what, "local", f"{NET}.0.0/16", "dev", "lo")
    subprocess.run(command, check=True, capture_output=True, timeout=30)
