"""An API server that knows one Lease and keeps the rules of versions; it can be made to answer nobody."""

import asyncio
import json
from typing import Any

from aiohttp import web

from tests.scaler.runtimes.kubernetes.api.hand_server import HandServer, event, refuses, says

type Tree = dict[str, Any]


class LeaseServer(HandServer):
    """Hand-worked in nothing but its silence."""

    def __init__(self) -> None:
        super().__init__()
        self.lease: Tree | None = None
        self.version = 10
        self.holders: list[str] = []
        """Each holder that has been written, one after the other."""
        self.mute = False
        """Whether who writes is not answered, though what it has written takes."""
        self._watches: set[asyncio.Queue[bytes]] = set()
        self._answering = asyncio.Event()
        self._answering.set()

    @property
    def silent(self) -> bool:
        """Whether nobody is answered; who watches hears nothing either."""
        return not self._answering.is_set()

    @silent.setter
    def silent(self, value: bool) -> None:
        (self._answering.clear if value else self._answering.set)()

    def write(self, change: Tree) -> None:
        """Whatever anybody writes."""
        self.version += 1
        before = self.lease or {"metadata": {"name": "one", "namespace": "default"}, "spec": {}}
        meta = before["metadata"] | change.get("metadata", {}) | {"resourceVersion": str(self.version)}
        self.lease = {"metadata": meta, "spec": before["spec"] | change.get("spec", {})}
        holder = self.lease["spec"].get("holderIdentity", "")
        if self.holders[-1:] != [holder]:
            self.holders.append(holder)
        for queue in self._watches:
            queue.put_nowait(event("MODIFIED", self.lease))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        await self._answering.wait()
        if "watch" in request.query:
            return await self._watch(request)
        body = json.loads(await request.text() or "null")
        if request.method == "POST" and self.lease is not None:
            return await refuses(409, "AlreadyExists")(request)
        if request.method == "PATCH":
            given = body["metadata"].get("resourceVersion")
            if self.lease is None or given not in (None, self.lease["metadata"]["resourceVersion"]):
                return await refuses(409, "Conflict")(request)
        if request.method in ("POST", "PATCH"):
            self.write(body)
            if self.mute:
                await self.over.wait()
        if request.path.endswith("/leases") and request.method == "GET":
            items = [self.lease] if self.lease else []
            return await says({"metadata": {"resourceVersion": str(self.version)}, "items": items})(request)
        return await (says(self.lease) if self.lease else refuses(404, "NotFound"))(request)

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        if self.lease is not None and int(request.query["resourceVersion"]) < self.version:
            queue.put_nowait(event("MODIFIED", self.lease))
        self._watches.add(queue)
        try:
            while not self.over.is_set():
                line = await queue.get()
                await self._answering.wait()
                await response.write(line)
        finally:
            self._watches.discard(queue)
        return response
