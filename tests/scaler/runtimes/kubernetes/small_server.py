"""A small API server: a few kinds, lists, watches and patches, kept in memory, with all that was asked of it.

What is applied (server-side) is merged; who owns which field is not known here, only that somebody has applied it.
"""

import asyncio
import contextlib
import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.access import Kubeconfig
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.wanted import ALWAYS
from tests.scaler.runtimes.kubernetes.api_rules import merged, parts_of, selected, status

type Json = dict[str, Any]


class SmallServer:
    """`async with SmallServer().running(path) as cluster: …`. A new object has generation 1; specs and annotations that
    change count it up, as for a Deployment."""

    def __init__(self) -> None:
        self.kinds: dict[Kind, bool] = dict.fromkeys((*ALWAYS, kinds.PODS, kinds.NODES, kinds.EVENTS), False)
        """What is served, and whether it can be scaled."""
        self.asked: list[tuple[str, str]] = []
        """Methods and paths, those of watches with `?watch`."""
        self.written: list[tuple[str, Json]] = []
        """What was sent to which path."""
        self.refusals: dict[tuple[str, str], tuple[int, str]] = {}
        """Methods and paths that are refused: with which status, and in what words."""
        self.answers: dict[tuple[str, str], Json | str] = {}
        """Methods and paths that are answered so, whatever there is."""
        self.streams: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {}
        """Paths that a test serves itself."""
        self._objects: dict[Kind, dict[tuple[str, str], Json]] = defaultdict(dict)
        self._news: dict[Kind, list[tuple[int, bytes]]] = defaultdict(list)
        self._bell = asyncio.Event()
        self._versions = itertools.count(1)
        self._version = 0
        self._over = False
        self._hushed = False

    @contextlib.asynccontextmanager
    async def running(self, directory: Path) -> AsyncIterator[Cluster]:
        """The way in."""
        runner = web.ServerRunner(web.Server(self._handle, handler_cancellation=True), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        config = {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{runner.addresses[0][1]}"}}],
            "users": [{"name": "me", "user": {"token": "open-sesame"}}],
        }
        file = directory / "kubeconfig"
        file.write_text(yaml.safe_dump(config))
        self.access = Kubeconfig(str(file))
        try:
            async with Cluster(self.access) as cluster:
                yield cluster
        finally:
            self._over = True
            self._ring()
            await runner.cleanup()

    # What the test does to it

    def install(self, *installed: Kind, scalable: bool = False) -> None:
        """Kinds that are served from now on."""
        self.kinds |= dict.fromkeys(installed, scalable)

    def uninstall(self, *gone: Kind) -> None:
        """And no more, nor are their objects."""
        for kind in gone:
            for key in list(self._objects.pop(kind, ())):
                self._tell(kind, "DELETED", {"metadata": {"namespace": key[0], "name": key[1]}})
            del self.kinds[kind]
        self._ring()

    def put(self, kind: Kind, source: Json) -> Json:
        """An object is there, and is so."""
        meta = source["metadata"]
        key = meta.get("namespace", ""), meta["name"]
        known = self._objects[kind].get(key)
        self._version = next(self._versions)
        made = source | {"metadata": meta | {"resourceVersion": str(self._version)}}
        made["metadata"].setdefault("generation", 1)
        self._objects[kind][key] = made
        self._tell(kind, "ADDED" if known is None else "MODIFIED", made)
        return made

    def remove(self, kind: Kind, namespace: str, name: str) -> None:
        """An object is there no more."""
        gone = self._objects[kind].pop((namespace, name))
        self._version = next(self._versions)
        self._tell(kind, "DELETED", gone | {"metadata": gone["metadata"] | {"resourceVersion": str(self._version)}})

    def get(self, kind: Kind, namespace: str, name: str) -> Json:
        """As it is."""
        return self._objects[kind][namespace, name]

    @contextlib.contextmanager
    def hushed(self) -> Iterator[None]:
        """Watches are told nothing for the length of the block, and all of it behind it."""
        self._hushed = True
        try:
            yield
        finally:
            self._hushed = False
            self._ring()

    # What it does

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        watched = "?watch" if "watch" in request.query else ""
        self.asked.append((request.method, request.path + watched))
        if refusal := self.refusals.get((request.method, request.path)):
            return status(*refusal)
        if (said := self.answers.get((request.method, request.path))) is not None:
            return web.Response(text=said) if isinstance(said, str) else web.json_response(said)
        if (serve := self.streams.get(request.path)) is not None:
            return await serve(request)
        if request.path == "/apis":
            return web.json_response({"groups": list(self._groups())})
        for kind, scalable in list(self.kinds.items()):
            if request.path == f"/{'apis' if kind.group else 'api'}/{kind.api_version}":
                return web.json_response({"resources": list(self._resources(kind.api_version))})
            parts = parts_of(kind, request.path)
            if parts is None:
                continue
            namespace, name, subresource = parts
            if watched:
                return await self._watch(request, kind, namespace)
            if not name and request.method == "GET":
                items = [item for key, item in self._objects[kind].items() if namespace in ("", key[0])]
                items = [item for item in items if selected(item, request.query.get("labelSelector", ""))]
                return web.json_response({"metadata": {"resourceVersion": str(self._version)}, "items": items})
            if not name and request.method == "POST":
                made = await request.json()
                self.written.append((request.path, made))
                if (namespace, made["metadata"]["name"]) in self._objects[kind]:
                    return status(409, "it exists")
                return web.json_response(self.put(kind, made), status=201)
            applied = request.content_type == "application/apply-patch+yaml"
            if applied and (namespace, name) not in self._objects[kind]:
                return await self._apply(request, kind, (namespace, name), {})
            if (namespace, name) in self._objects[kind] and (not subresource or scalable or kind.group == "apps"):
                return await self._one(request, kind, (namespace, name), subresource)
        return status(404, "there is no such thing")

    async def _one(self, request: web.Request, kind: Kind, key: tuple[str, str], subresource: str) -> web.Response:
        item = self._objects[kind][key]
        if request.content_type == "application/apply-patch+yaml":
            return await self._apply(request, kind, key, item)
        if request.method == "DELETE":
            told = await request.json() if request.can_read_body else {}
            expected = told.get("preconditions", {}).get("resourceVersion", item["metadata"]["resourceVersion"])
            if expected != item["metadata"]["resourceVersion"]:
                return status(409, "the object has been modified")
            self.remove(kind, *key)
        if request.method == "PATCH":
            patch = await request.json()
            self.written.append((request.path, patch))
            expected = patch.get("metadata", {}).pop("resourceVersion", item["metadata"]["resourceVersion"])
            if expected != item["metadata"]["resourceVersion"]:
                return status(409, "the object has been modified")
            generation = item["metadata"]["generation"] + 1
            item = merged(item, patch)
            item = self.put(kind, item | {"metadata": item["metadata"] | {"generation": generation}})
        return web.json_response(item)

    async def _apply(self, request: web.Request, kind: Kind, key: tuple[str, str], item: Json) -> web.Response:
        patch = await request.json()
        dry_run = "dryRun" in request.query
        if not dry_run:
            self.written.append((request.path, patch))
        version = item.get("metadata", {}).get("resourceVersion")
        if patch["metadata"].pop("resourceVersion", version) != version:
            return status(409, "the object has been modified")
        made = merged(item, patch)
        by = {"manager": request.query["fieldManager"], "operation": "Apply", "fieldsV1": {}}
        made["metadata"] |= {"managedFields": [by], "uid": f"uid of {key[1]}"}
        if made == item or dry_run:
            return web.json_response(made)
        made["metadata"]["generation"] = made["metadata"].get("generation", 0) + 1
        return web.json_response(self.put(kind, made), status=200 if item else 201)

    async def _watch(self, request: web.Request, kind: Kind, namespace: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        seen = int(request.query["resourceVersion"])
        while not self._over:
            bell = self._bell
            for version, line in self._news[kind]:
                if version > seen and namespace in ("", json.loads(line)["object"]["metadata"].get("namespace")):
                    await response.write(line)
                seen = max(seen, version)
            if kind not in self.kinds:
                break
            await bell.wait()
        return response

    def _tell(self, kind: Kind, what: str, item: Json) -> None:
        if "resourceVersion" not in item["metadata"]:
            self._version = next(self._versions)
            item = item | {"metadata": item["metadata"] | {"resourceVersion": str(self._version)}}
        line = json.dumps({"type": what, "object": item}).encode() + b"\n"
        self._news[kind].append((self._version, line))
        self._ring()

    def _ring(self) -> None:
        if not self._hushed:
            self._bell.set()
            self._bell = asyncio.Event()

    def _groups(self) -> Iterator[Json]:
        for group in dict.fromkeys(kind.group for kind in self.kinds if kind.group):
            versions = dict.fromkeys(kind.version for kind in self.kinds if kind.group == group)
            yield {"name": group, "versions": [{"version": version} for version in versions]}

    def _resources(self, api_version: str) -> Iterator[Json]:
        for kind, scalable in self.kinds.items():
            if kind.api_version == api_version:
                yield {"name": kind.plural, "kind": kind.kind, "namespaced": kind.namespaced}
                if scalable:
                    yield {"name": f"{kind.plural}/scale", "kind": "Scale", "namespaced": kind.namespaced}
