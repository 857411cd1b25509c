"""An API server of a cluster that does what the command line needs of one, over TLS: it knows its users, and passes
requests on to a Service as the real one does: without their `Authorization`, with the rest as it came."""

import json
import ssl
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from tests.certificates import Authority
from tests.torpor.cli.fake_api import FakeApi

TOKEN = "a-user-s-token"


class FakeApiServer:
    """Answers GETs with `objects`, and what goes to the scaler's Service with `torpor`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = Authority()
        self.torpor = FakeApi()
        self.refused: tuple[int, dict[str, Any]] | None = None
        """Status and members of a Status object, in place of the Service."""
        self.objects: dict[str, Any] = {"/version": {"gitVersion": "v1.2.3"}, "/apis": {"groups": []}}
        """Path → the JSON there; a number is the status of a refusal."""
        self.denied: set[str] = set()
        """Resources, with their subresource, that nobody may touch, say access reviews."""
        self.asked: list[str] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        made = self._authority.make("localhost")
        (self._directory / "server.pem").write_bytes(made.pem)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._directory / "server.pem")
        context.load_verify_locations(cadata=self._authority.own.crt.decode())
        context.verify_mode = ssl.CERT_OPTIONAL
        await web.TCPSite(self._runner, "localhost", 0, ssl_context=context).start()
        self.url = f"https://localhost:{self._runner.addresses[0][1]}"
        self.serve("torpor", "torpor-scaler")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def serve(self, namespace: str, name: str) -> None:
        """The Service behind which Torpor is."""
        self.torpor.prefix = f"/api/v1/namespaces/{namespace}/services/http:{name}:api/proxy"

    def holds(self, group: str, plural: str, *items: dict[str, Any]) -> None:
        """All objects of a kind."""
        self.objects[f"/apis/{group}/{plural}" if "/" in group else f"/api/{group}/{plural}"] = {"items": [*items]}

    def kubeconfig(self, user: dict[str, Any] | None = None, **more: Any) -> str:
        """The path of a kubeconfig that leads here."""
        file = self._directory / "kubeconfig"
        authority = self._directory / "authority.crt"
        authority.write_bytes(self._authority.own.crt)
        cluster = {"server": self.url, "certificate-authority": str(authority)}
        said = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "here", "cluster": cluster}],
            "users": [{"name": "me", "user": user or {"token": TOKEN}}],
            "contexts": [{"name": "test", "context": {"cluster": "here", "user": "me"}}],
            "current-context": "test",
        } | more
        file.write_text(json.dumps(said))
        return str(file)

    def certificate(self) -> dict[str, str]:
        """A user who comes with a certificate."""
        made = self._authority.make("somebody")
        (self._directory / "user.crt").write_bytes(made.crt)
        (self._directory / "user.key").write_bytes(made.key)
        return {
            "client-certificate": str(self._directory / "user.crt"),
            "client-key": str(self._directory / "user.key"),
        }

    def helper(self) -> dict[str, Any]:
        """A user whose token a program comes up with."""
        program = self._directory / "credentials"
        given = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "status": {"token": TOKEN},
        }
        program.write_text(f"#!/bin/sh\necho '{json.dumps(given)}'\n")
        program.chmod(0o755)
        return {
            "exec": {"apiVersion": given["apiVersion"], "command": str(program), "interactiveMode": "Never"},
        }

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path_qs}")
        transport = request.transport
        assert transport is not None
        certified = bool(transport.get_extra_info("peercert"))
        if not certified and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _status(401, "Unauthorized", reason="Unauthorized")
        if request.path.startswith(f"{self.torpor.prefix}/"):
            if self.refused is not None:
                return _status(self.refused[0], **self.refused[1])
            headers = request.headers.copy()
            headers.popall("Authorization", None)
            return await self.torpor.handle(request.clone(headers=headers))
        if request.method == "GET" and request.path in self.objects:
            said = self.objects[request.path]
            return _status(said, "no", reason="No") if isinstance(said, int) else web.json_response(said)
        if request.method == "POST" and request.path.endswith("accessreviews"):
            asked = (await request.json())["spec"]["resourceAttributes"]
            names = {asked["resource"], f"{asked['resource']}/{asked.get('subresource', '')}"}
            return web.json_response({"status": {"allowed": not names & self.denied}}, status=201)
        return _status(404, "the server could not find the requested resource", reason="NotFound")


def _status(code: int, message: str, **more: Any) -> web.Response:
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message} | more
    return web.json_response(said, status=code)
