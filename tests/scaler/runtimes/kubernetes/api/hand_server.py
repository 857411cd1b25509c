"""An API server worked by hand: it gives the answers that a test has put down, one request after the other.

For what a real one does not do on demand: fall silent, break off in the middle of a word, forget what it has said.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from aiohttp import web

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Asked(NamedTuple):
    """One request that has come."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class HandServer:
    """Requests beyond the last answer wait for ever."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: deque[Answer] = deque()
        self.over = asyncio.Event()
        self.port = 0

    def then(self, *answers: Answer) -> None:
        """Put down what to answer next."""
        self.answers.extend(answers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        body = json.loads(text) if text else None
        query, headers = dict(request.query), dict(request.headers)
        self.asked.append(Asked(request.method, request.path, query, headers, body))
        if self.answers:
            return await self.answers.popleft()(request)
        await self.over.wait()
        return web.Response(status=503)

    def kubeconfig(self, path: Path, user: dict[str, Any] | None = None) -> str:
        """A kubeconfig that leads here, written to the path."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{"name": "me", "user": user or {"token": "open-sesame"}}],
        }
        path.write_text(yaml.safe_dump(config))
        return str(path)


def says(body: Any, status: int = 200, **headers: str) -> Answer:
    """JSON."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


def refuses(status: int, reason: str = "Because", message: str = "no", **headers: str) -> Answer:
    """A Status object, as API servers write them."""
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason}
    return says(said | {"code": status}, status, **headers)


def lists(*items: dict[str, Any], version: str = "1", more: str = "") -> Answer:
    """A page of a list."""
    return says({"kind": "List", "metadata": {"resourceVersion": version, "continue": more}, "items": list(items)})


def streams(*pieces: bytes, end: str = "peace", pause: float = 0.0) -> Answer:
    """A watch: pieces, then `peace`, `abort` (the connection is cut) or `silence` (nothing, for ever)."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(pause)
        if end == "silence":
            await asyncio.Event().wait()
        if end == "abort":
            assert request.transport is not None
            request.transport.abort()
        return response

    return answer


def thing(name: str, version: int = 1, **more: Any) -> dict[str, Any]:
    """An object."""
    return {"metadata": {"namespace": "default", "name": name, "resourceVersion": str(version)}, **more}


def event(what: str, item: dict[str, Any]) -> bytes:
    """A line of a watch."""
    return json.dumps({"type": what, "object": item}).encode() + b"\n"


def names(items: Sequence[dict[str, Any]]) -> list[str]:
    """For assertions."""
    return [item["metadata"]["name"] for item in items]
